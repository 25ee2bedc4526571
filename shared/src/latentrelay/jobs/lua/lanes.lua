-- Who waits for a stage. Prepended to every script, after ground.lua.
--
-- A lane holds the jobs of one stage, one priority, one next stage ('' for none) and one tenant, by the microsecond
-- since which they wait. Tenants take turns: `turns` numbers those that have a lane, and the lowest goes next. One that
-- comes anew, or was served, goes to the end of the round; one whose job comes back goes to its head.
local FIRST, LAST = 0, 2

local function of_rank(name, stage, rank, after) return ROOT .. name .. ':' .. stage .. ':' .. rank .. ':' .. after end

local function lane_key(stage, rank, after, tenant) return of_rank('lane', stage, rank, after) .. ':' .. tenant end

local function afters(stage) return redis.call('SMEMBERS', ROOT .. 'afters:' .. stage) end

-- The number at one end of the round: its head is 0, its end is -1.
local function turn_at(place, stage, rank)
  local pick, found = place == 0 and math.min or math.max, nil
  for _, after in ipairs(afters(stage)) do
    local turn = tonumber(redis.call('ZRANGE', of_rank('turns', stage, rank, after), place, place, 'WITHSCORES')[2])
    found = found and turn and pick(found, turn) or found or turn
  end
  return found or 0
end

local function turn_of(stage, rank, tenant)
  for _, after in ipairs(afters(stage)) do
    local turn = redis.call('ZSCORE', of_rank('turns', stage, rank, after), tenant)
    if turn then return turn end
  end
end

-- A tenant has one number, in each round in which it has a lane.
local function set_turn(stage, rank, tenant, turn)
  for _, after in ipairs(afters(stage)) do
    local turns = of_rank('turns', stage, rank, after)
    if redis.call('EXISTS', lane_key(stage, rank, after, tenant)) == 1 then
      redis.call('ZADD', turns, turn, tenant)
    else
      redis.call('ZREM', turns, tenant)
    end
  end
end

local function to_head(stage, rank, tenant) set_turn(stage, rank, tenant, turn_at(0, stage, rank) - 1) end

local function to_end(stage, rank, tenant) set_turn(stage, rank, tenant, turn_at(-1, stage, rank) + 1) end

-- Whether an earlier stage made what this one works on: what waits then fills the store.
local function is_handed_on(id, stage) return read(id, 'route'):match('^[^,]*') ~= stage end

local function enter_lane(id, stage)
  local rank, tenant, waited = read(id, 'priority', 'tenant', 'waits_since')
  local after, since, turn = following(id, stage) or '', waited or microseconds(), turn_of(stage, rank, tenant)
  redis.call('HSET', job_key(id), 'waits_since', since)
  redis.call('SADD', ROOT .. 'afters:' .. stage, after)
  redis.call('ZADD', lane_key(stage, rank, after, tenant), since, id)
  redis.call('ZADD', of_rank('since', stage, rank, after), since, id)
  redis.call('ZADD', ROOT .. 'pending:' .. stage, since, id)
  if is_handed_on(id, stage) then redis.call('ZADD', ROOT .. 'handed:' .. stage, since, id) end
  if waited then
    to_head(stage, rank, tenant)
  elseif turn then
    set_turn(stage, rank, tenant, turn)
  else
    to_end(stage, rank, tenant)
  end
end

local function is_waiting(id, stage)
  local rank, tenant = read(id, 'priority', 'tenant')
  local after = following(id, stage) or ''
  return redis.call('SISMEMBER', ROOT .. 'afters:' .. stage, after) == 1
    and redis.call('ZSCORE', lane_key(stage, rank, after, tenant), id)
    and redis.call('ZSCORE', of_rank('turns', stage, rank, after), tenant)
    and redis.call('ZSCORE', of_rank('since', stage, rank, after), id)
    and redis.call('ZSCORE', ROOT .. 'pending:' .. stage, id)
    and (redis.call('ZSCORE', ROOT .. 'handed:' .. stage, id) or not is_handed_on(id, stage))
end

-- Returns whether it was there.
local function take_out(id, stage, rank, after, tenant)
  local lane = lane_key(stage, rank, after, tenant)
  local taken = redis.call('ZREM', lane, id)
    + redis.call('ZREM', of_rank('since', stage, rank, after), id)
    + redis.call('ZREM', ROOT .. 'pending:' .. stage, id)
    + redis.call('ZREM', ROOT .. 'handed:' .. stage, id)
  if redis.call('EXISTS', lane) == 0 then redis.call('ZREM', of_rank('turns', stage, rank, after), tenant) end
  return taken > 0
end

local function leave_lane(id, stage)
  local rank, tenant = read(id, 'priority', 'tenant')
  return take_out(id, stage, rank, following(id, stage) or '', tenant)
end

-- What each stage was told: nothing where it is open, `paused` or `draining`, and under `{stage}:since` when it was.
local STATES = ROOT .. 'stages'

local function state_of(stage) return redis.call('HGET', STATES, stage) or 'open' end

-- How many jobs more the next stage may be handed: so many wait already that others would only fill the store.
local function room_for(after, most_waiting)
  if after == '' then return math.huge end
  return math.max(0, tonumber(most_waiting) - redis.call('ZCARD', ROOT .. 'handed:' .. after))
end

-- The next stages of which jobs may be claimed now; "open" means here that there is room, not what the stage was told.
-- None where the stage is paused: nothing of it is claimed, and it has no work for anybody.
local function open_afters(stage, most_waiting)
  local open = {}
  if state_of(stage) == 'paused' then return open end
  for _, after in ipairs(afters(stage)) do
    if room_for(after, most_waiting) > 0 then open[#open + 1] = after end
  end
  return open
end
