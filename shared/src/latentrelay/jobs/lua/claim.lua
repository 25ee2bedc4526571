-- Take the job of a stage that goes first. The claim decides, not the message that woke the worker.
-- ARGV: stage, owner, worker, lease in ms, jobs that may wait for a next stage, handicap of each lower priority in ms
-- Returns: the record's fields and values, and `makes_room` where the stage before may hand on again now that it could not
--   a moment ago; or nothing where no job may be taken
local stage, owner, worker, lease_ms, most_waiting, handicap_ms = unpack(ARGV)
local TENANTS, JOBS = 100, 10 -- looked at, where this worker has to leave some to others
local ENDED = 100 -- jobs that may turn out to be late before this claim gives up: a script must be short
local AGED = ROOT .. 'aged:' .. stage

-- A repeated claim, its first answer lost, gets the same job. An owner holds one job.
local held = redis.call('HGET', ROOT .. 'owners', owner)
if held and read(held, 'owner') == owner then
  if read(held, 'stage') ~= stage then return {} end
  redis.call('ZADD', ROOT .. 'leases', now() + lease_ms, held)
  return redis.call('HGETALL', job_key(held))
end

-- The worker on which a job's last attempt failed leaves it to others for a while.
local function is_avoided(id)
  local avoid, avoid_until = read(id, 'avoid', 'avoid_until')
  return worker ~= '' and avoid == worker and now() < tonumber(avoid_until)
end

-- The job whose turn it is in the lanes of one rank and one next stage: {id, rank, after, tenant}, its turn, its since.
local function first_in(rank, after)
  local turns = redis.call('ZRANGE', of_rank('turns', stage, rank, after), 0, TENANTS - 1, 'WITHSCORES')
  for i = 1, #turns, 2 do
    local jobs = redis.call('ZRANGE', lane_key(stage, rank, after, turns[i]), 0, JOBS - 1, 'WITHSCORES')
    for j = 1, #jobs, 2 do
      if not is_avoided(jobs[j]) then
        return {jobs[j], rank, after, turns[i]}, tonumber(turns[i + 1]), tonumber(jobs[j + 1])
      end
    end
  end
end

local function first_of(rank, open)
  local found, turn, since
  for _, after in ipairs(open) do
    local job, its_turn, its_since = first_in(rank, after)
    if job and (not found or its_turn < turn or (its_turn == turn and its_since < since)) then
      found, turn, since = job, its_turn, its_since
    end
  end
  return found
end

-- A lower priority that has waited longer by its handicap goes first, every other time: nobody starves, and nobody waits
-- for all that is old.
local function in_order(open)
  local ranks, due = {}, {}
  for rank = FIRST, LAST do
    for _, after in ipairs(open) do
      local oldest = redis.call('ZRANGE', of_rank('since', stage, rank, after), 0, 0, 'WITHSCORES')[2]
      if oldest then due[rank] = math.min(due[rank] or math.huge, oldest + rank * handicap_ms * 1000) end
    end
    if due[rank] then ranks[#ranks + 1] = rank end
  end
  local best = ranks[1]
  if redis.call('EXISTS', AGED) == 0 then table.sort(ranks, function(a, b) return due[a] < due[b] end) end
  return ranks, best
end

local function best(open)
  local ranks, highest = in_order(open)
  for _, rank in ipairs(ranks) do
    local found = first_of(rank, open)
    if found then return found, rank ~= highest end
  end
end

local function give(id, rank, tenant, has_aged)
  local started_at = read(id, 'started_at')
  if has_aged then redis.call('SET', AGED, 1) else redis.call('DEL', AGED) end
  to_end(stage, rank, tenant)
  redis.call('HSET', job_key(id), 'owner', owner, 'worker', worker, 'claimed_at', now())
  redis.call('HSETNX', job_key(id), 'started_at', now())
  redis.call('HSET', ROOT .. 'owners', owner, id)
  redis.call('ZADD', ROOT .. 'leases', now() + lease_ms, id)
  move(id, started_at and 'job.stage_started' or 'job.started', 'running', {worker = worker})
  if not started_at then tell_outside(id, 'started') end
  local told = redis.call('HGETALL', job_key(id))
  if is_handed_on(id, stage) and room_for(stage, most_waiting) == 1 then
    told[#told + 1], told[#told + 2] = 'makes_room', '1'
  end
  return told
end

local open = open_afters(stage, most_waiting)
for _ = 1, ENDED do
  local found, has_aged = best(open)
  if not found then return {} end
  local id, rank, after, tenant = unpack(found)
  take_out(id, stage, rank, after, tenant)
  local status, its_owner, its_stage = read(id, 'status', 'owner', 'stage')
  if status and not is_terminal(status) and its_owner == '' and its_stage == stage then
    if not is_late(id) then return give(id, rank, tenant, has_aged) end
    end_late(id)
  end
end
return {}
