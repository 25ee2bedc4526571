-- Put jobs where their records say they belong, and nowhere else. The record is the truth, whatever else was lost.
-- ARGV: lease in ms, stages joined by commas, then ids
-- Returns: the ids that were not in their places
local lease_ms, stages = ARGV[1], ARGV[2]

local function drop(id, stage)
  local dropped = redis.call('ZREM', ROOT .. 'pending:' .. stage, id)
  for rank = FIRST, LAST do
    for _, after in ipairs(afters(stage)) do take_out(id, stage, rank, after) end
  end
  return dropped
end

local function drop_everywhere(id)
  local dropped = 0
  for stage in stages:gmatch('[^,]+') do dropped = dropped + drop(id, stage) end
  for _, set in ipairs({'leases', 'delayed', 'deadlines'}) do dropped = dropped + redis.call('ZREM', ROOT .. set, id) end
  return dropped > 0
end

local function index(id, status)
  local created_at, added = read(id, 'created_at'), 0
  for _, other in ipairs({'queued', 'running', 'succeeded', 'failed', 'canceled', 'expired'}) do
    if other ~= status then added = added + redis.call('ZREM', ROOT .. 'jobs:' .. other, id) end
  end
  added = added + redis.call('ZADD', ROOT .. 'jobs', created_at, id)
  return added + redis.call('ZADD', ROOT .. 'jobs:' .. status, created_at, id) > 0
end

local function place_ended(id)
  local tenant, completed_at = read(id, 'tenant', 'completed_at')
  redis.call('SREM', ROOT .. 'live:' .. tenant, id)
  release_inputs(id)
  redis.call('ZADD', ROOT .. 'sweep:records', 'NX', completed_at, id)
  return drop_everywhere(id)
end

local function place_live(id)
  local tenant, deadline, owner, stage = read(id, 'tenant', 'deadline', 'owner', 'stage')
  redis.call('SADD', ROOT .. 'live:' .. tenant, id)
  redis.call('ZADD', ROOT .. 'deadlines', deadline, id)
  hold_inputs(id)
  if owner ~= '' then
    redis.call('HSET', ROOT .. 'owners', owner, id)
    return redis.call('ZADD', ROOT .. 'leases', 'NX', now() + lease_ms, id) == 1
  end
  redis.call('ZREM', ROOT .. 'leases', id)
  if redis.call('ZSCORE', ROOT .. 'delayed', id) then return false end
  if is_waiting(id, stage) then return false end
  enqueue(id, stage)
  return true
end

local mended = {}
for i = 3, #ARGV do
  local id, wrong = ARGV[i], false
  local status = read(id, 'status')
  if not status then
    wrong = drop_everywhere(id)
  else
    wrong = index(id, status)
    if is_terminal(status) then
      wrong = place_ended(id) or wrong
    else
      wrong = place_live(id) or wrong
    end
  end
  if wrong then mended[#mended + 1] = id end
end
return mended
