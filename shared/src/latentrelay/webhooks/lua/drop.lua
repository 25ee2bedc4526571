-- Let messages that are pending be sent no more. One that is under way may still arrive, and counts as delivered then.
-- ARGV: their endpoint, ids
-- Returns: how many were dropped
local endpoint, dropped = ARGV[1], 0
for i = 2, #ARGV do
  local id = ARGV[i]
  redis.call('ZREM', due_of(endpoint), id)
  if message_field(id, 'status') == 'pending' then
    end_message(id, 'dropped')
    redis.call('HDEL', message_key(id), 'due_at')
    dropped = dropped + 1
  end
end
wake(endpoint)
return dropped
