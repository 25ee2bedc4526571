-- Let messages that are pending be sent no more. One that is under way may still arrive, and counts as delivered then.
-- ARGV: ids
-- Returns: how many were dropped
local dropped = 0
for _, id in ipairs(ARGV) do
  if message_field(id, 'status') == 'pending' then
    redis.call('HSET', message_key(id), 'status', 'dropped')
    no_longer_due(id, message_field(id, 'endpoint'))
    dropped = dropped + 1
  end
end
return dropped
