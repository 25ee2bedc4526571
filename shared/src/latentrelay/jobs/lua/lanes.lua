-- Who waits for a stage. Prepended to every script, after ground.lua.
--
-- A lane holds the jobs of one stage, one priority and one next stage ('' for none), in the order of their tags. Tags
-- are those of start-time fair queuing: a tenant's next job is tagged one after its last one, and later than the job
-- that was served last, so that tenants take turns however many jobs each of them has.
local FIRST, LAST = 0, 2

local function of_lane(name, stage, rank, after) return ROOT .. name .. ':' .. stage .. ':' .. rank .. ':' .. after end

local function tags_key(stage, rank) return ROOT .. 'tags:' .. stage .. ':' .. rank end

local function afters(stage) return redis.call('SMEMBERS', ROOT .. 'afters:' .. stage) end

local function next_tag(id, stage, rank)
  local served, mine = unpack(redis.call('HMGET', tags_key(stage, rank), '', (read(id, 'tenant'))))
  local soonest, kept = tonumber(served or 0) + 1, read(id, 'tag')
  if kept then return math.min(tonumber(kept), soonest) end -- one that comes back keeps its place
  return math.max(soonest, tonumber(mine or 0) + 1)
end

local function enter_lane(id, stage)
  local rank, tenant, kept = read(id, 'priority', 'tenant', 'tag')
  local after, tag = following(id, stage) or '', next_tag(id, stage, rank)
  if not kept then
    redis.call('HSET', tags_key(stage, rank), tenant, tag)
    redis.call('HSET', job_key(id), 'waits_since', now())
  end
  redis.call('HSET', job_key(id), 'tag', tag)
  redis.call('SADD', ROOT .. 'afters:' .. stage, after)
  redis.call('ZADD', of_lane('lane', stage, rank, after), tag, id)
  local since = read(id, 'waits_since')
  redis.call('ZADD', of_lane('since', stage, rank, after), since, id)
  redis.call('ZADD', ROOT .. 'pending:' .. stage, since, id)
end

local function is_waiting(id, stage)
  local rank, after = read(id, 'priority'), following(id, stage) or ''
  return redis.call('SISMEMBER', ROOT .. 'afters:' .. stage, after) == 1
    and redis.call('ZSCORE', of_lane('lane', stage, rank, after), id)
    and redis.call('ZSCORE', of_lane('since', stage, rank, after), id)
    and redis.call('ZSCORE', ROOT .. 'pending:' .. stage, id)
end

local function is_idle(stage, rank)
  for _, after in ipairs(afters(stage)) do
    if redis.call('EXISTS', of_lane('lane', stage, rank, after)) == 1 then return false end
  end
  return true
end

local function take_out(id, stage, rank, after)
  redis.call('ZREM', of_lane('lane', stage, rank, after), id)
  redis.call('ZREM', of_lane('since', stage, rank, after), id)
  redis.call('ZREM', ROOT .. 'pending:' .. stage, id)
  if is_idle(stage, rank) then redis.call('DEL', tags_key(stage, rank)) end
end

local function leave_lane(id, stage)
  take_out(id, stage, (read(id, 'priority')), following(id, stage) or '')
end

-- So many jobs wait for the next stage already that one more would only fill the store.
local function is_full(after, most_waiting)
  return after ~= '' and redis.call('ZCARD', ROOT .. 'pending:' .. after) >= tonumber(most_waiting)
end

local function open_afters(stage, most_waiting)
  local open = {}
  for _, after in ipairs(afters(stage)) do
    if not is_full(after, most_waiting) then open[#open + 1] = after end
  end
  return open
end
