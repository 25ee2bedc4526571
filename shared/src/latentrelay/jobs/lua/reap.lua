-- Give jobs whose lease ran out another attempt, queue delayed ones that are due, end late ones that nobody holds.
-- ARGV: attempts allowed, error of a lost attempt as JSON, lease in ms
-- Returns: for each lost attempt the id of its job, its stage, its number, and the traceparent of the job or nothing
local max_attempts, err, lease_ms = ARGV[1], ARGV[2], tonumber(ARGV[3])

local function due(set) return redis.call('ZRANGEBYSCORE', ROOT .. set, '-inf', now(), 'LIMIT', 0, 100) end

-- Nobody reaped for half a lease: Redis itself was away, and nobody could renew. Let them, once: half a millisecond
-- marks a lease that nobody renewed since.
local reaped_at = redis.call('GETSET', ROOT .. 'reaped_at', now())
if reaped_at and now() - reaped_at > lease_ms / 2 then
  local leases = redis.call('ZRANGE', ROOT .. 'leases', 0, -1, 'WITHSCORES')
  for i = 1, #leases, 2 do
    local was_let = leases[i + 1] % 1 == 0.5
    if not was_let then redis.call('ZADD', ROOT .. 'leases', now() + lease_ms + 0.5, leases[i]) end
  end
end

-- Returns whether an attempt was lost: the job may end with it all the same.
local function lose(id)
  local status, owner, cancel = read(id, 'status', 'owner', 'cancel')
  if not status or is_terminal(status) or owner == '' then
    redis.call('ZREM', ROOT .. 'leases', id)
    return false
  end
  if cancel then
    finish(id, 'canceled', '')
  elseif is_late(id) then
    end_late(id)
  else
    try_again(id, 0, max_attempts, 'lost', err)
  end
  return true
end

local lost = {}
for _, id in ipairs(due('leases')) do
  local attempt = {id, read(id, 'stage', 'attempt', 'traceparent')}
  if lose(id) then lost[#lost + 1] = attempt end
end
for _, id in ipairs(due('delayed')) do
  redis.call('ZREM', ROOT .. 'delayed', id)
  local stage, status, owner = read(id, 'stage', 'status', 'owner')
  if status == 'queued' and owner == '' then enqueue(id, stage) end
end
for _, id in ipairs(due('deadlines')) do
  local status, owner = read(id, 'status', 'owner')
  if not status or is_terminal(status) then
    redis.call('ZREM', ROOT .. 'deadlines', id)
  elseif owner == '' then
    end_late(id)
  else -- its worker stops it; until then it must not stand before others
    redis.call('ZADD', ROOT .. 'deadlines', now() + lease_ms, id)
  end
end
return lost
