-- Put jobs where their records say they belong, and nowhere else. The record is the truth, whatever else was lost.
-- ARGV: lease in ms, stages joined by commas, then ids
-- Returns: the ids that were not in their places
local lease_ms, stages = ARGV[1], ARGV[2]

-- Of a job without a record nobody knows the lane.
local function leave_every_lane(id, stage)
  local dropped = redis.call('ZREM', ROOT .. 'pending:' .. stage, id) + redis.call('ZREM', ROOT .. 'handed:' .. stage, id) > 0
  for rank = FIRST, LAST do
    for _, after in ipairs(afters(stage)) do
      dropped = redis.call('ZREM', of_rank('since', stage, rank, after), id) == 1 or dropped
      for _, tenant in ipairs(redis.call('ZRANGE', of_rank('turns', stage, rank, after), 0, -1)) do
        dropped = take_out(id, stage, rank, after, tenant) or dropped
      end
    end
  end
  return dropped
end

local function drop(id, leave, among)
  local dropped = false
  for stage in among:gmatch('[^,]+') do dropped = leave(id, stage) or dropped end
  for _, set in ipairs({'leases', 'delayed', 'deadlines'}) do
    dropped = redis.call('ZREM', ROOT .. set, id) == 1 or dropped
  end
  return dropped
end

local function index(id, status)
  local created_at, tenant = read(id, 'created_at', 'tenant')
  local changed = redis.call('ZADD', ROOT .. 'listed:' .. tenant, created_at, id)
  for _, other in ipairs({'queued', 'running', 'succeeded', 'failed', 'canceled', 'expired'}) do
    if other ~= status then changed = changed + redis.call('ZREM', ROOT .. 'jobs:' .. other, id) end
  end
  changed = changed + redis.call('ZADD', ROOT .. 'jobs', created_at, id)
  return changed + redis.call('ZADD', ROOT .. 'jobs:' .. status, created_at, id) > 0
end

local function place_ended(id, status)
  local tenant, completed_at, route = read(id, 'tenant', 'completed_at', 'route')
  redis.call('SREM', ROOT .. 'live:' .. tenant, id)
  release_inputs(id)
  if not completed_at then redis.call('HSET', job_key(id), 'completed_at', now()) end
  if not redis.call('ZSCORE', ROOT .. 'sweep:records', id) then leave_to_sweeper(id, status) end
  return drop(id, leave_lane, route)
end

local function place_held(id, owner, stage)
  redis.call('HSET', ROOT .. 'owners', owner, id)
  local waited = leave_lane(id, stage)
  local delayed = redis.call('ZREM', ROOT .. 'delayed', id) == 1
  return redis.call('ZADD', ROOT .. 'leases', 'NX', now() + lease_ms, id) == 1 or waited or delayed
end

local function place_waiting(id, stage)
  local leased = redis.call('ZREM', ROOT .. 'leases', id) == 1
  if redis.call('ZSCORE', ROOT .. 'delayed', id) then return leave_lane(id, stage) or leased end
  if is_waiting(id, stage) then return leased end
  enter_lane(id, stage)
  return true
end

local function place_live(id)
  local tenant, deadline, owner, stage = read(id, 'tenant', 'deadline', 'owner', 'stage')
  redis.call('SADD', ROOT .. 'live:' .. tenant, id)
  redis.call('ZADD', ROOT .. 'deadlines', deadline, id)
  hold_inputs(id)
  if owner ~= '' then return place_held(id, owner, stage) end
  return place_waiting(id, stage)
end

local function place(id)
  local status = read(id, 'status')
  if not status then return drop(id, leave_every_lane, stages) end
  local moved = index(id, status)
  return (is_terminal(status) and place_ended or place_live)(id, status) or moved
end

local mended = {}
for i = 3, #ARGV do
  if place(ARGV[i]) then mended[#mended + 1] = ARGV[i] end
end
return mended
