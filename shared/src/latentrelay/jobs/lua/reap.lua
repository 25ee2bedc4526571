-- Give jobs whose lease ran out another attempt, queue delayed ones that are due, end late ones that nobody holds.
-- ARGV: attempts allowed, error of a lost attempt as JSON, lease in ms
-- Returns: the ids whose attempt was lost
local max_attempts, err, lease_ms = ARGV[1], ARGV[2], tonumber(ARGV[3])

local function due(set) return redis.call('ZRANGEBYSCORE', ROOT .. set, '-inf', now(), 'LIMIT', 0, 100) end

-- Nobody reaped for longer than a lease: Redis itself was away, and nobody could renew. Let them.
local reaped_at = redis.call('GETSET', ROOT .. 'reaped_at', now())
if reaped_at and now() - reaped_at > lease_ms then
  for _, id in ipairs(redis.call('ZRANGE', ROOT .. 'leases', 0, -1)) do
    redis.call('ZADD', ROOT .. 'leases', now() + lease_ms, id)
  end
end

local lost = due('leases')
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
for _, id in ipairs(due('delayed')) do
  redis.call('ZREM', ROOT .. 'delayed', id)
  local stage, status = read(id, 'stage', 'status')
  if status == 'queued' then enqueue(id, stage) end
end
for _, id in ipairs(due('deadlines')) do
  local owner = read(id, 'owner')
  if not owner then redis.call('ZREM', ROOT .. 'deadlines', id) end
  if owner == '' then end_late(id) end
end
return lost
