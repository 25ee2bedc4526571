-- Give jobs whose lease ran out another attempt, and queue delayed ones that are due.
-- ARGV: attempts allowed, error of a lost attempt as JSON
-- Returns: the ids whose attempt was lost
local max_attempts, err = unpack(ARGV)
local lost = redis.call('ZRANGEBYSCORE', ROOT .. 'leases', '-inf', now(), 'LIMIT', 0, 100)
for _, id in ipairs(lost) do
  local status = read(id, 'status')
  if not status or is_terminal(status) then
    redis.call('ZREM', ROOT .. 'leases', id)
  elseif read(id, 'cancel') then
    finish(id, 'canceled', '')
  else
    try_again(id, 0, max_attempts, err)
  end
end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', ROOT .. 'delayed', '-inf', now(), 'LIMIT', 0, 100)) do
  redis.call('ZREM', ROOT .. 'delayed', id)
  local stage = read(id, 'stage')
  if stage then enqueue(id, stage) end
end
return lost
