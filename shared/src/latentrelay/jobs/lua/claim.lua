-- Take the job of a stage that goes first. The claim decides, not the message that woke the worker.
-- ARGV: stage, owner, worker, lease in ms, jobs that may wait for a next stage, handicap of each lower priority in ms
-- Returns: the record's fields and values, or nothing where no job may be taken
local stage, owner, worker, lease_ms, most_waiting, handicap_ms = unpack(ARGV)
local PEEK = 10 -- jobs at the head of a lane, of which this worker may have to avoid some

-- A repeated claim, its first answer lost, gets the same job.
local held = redis.call('HGET', ROOT .. 'owners', owner)
if held and read(held, 'owner') == owner and read(held, 'stage') == stage then
  redis.call('ZADD', ROOT .. 'leases', now() + lease_ms, held)
  return redis.call('HGETALL', job_key(held))
end

-- The worker on which a job's last attempt failed leaves it to others for a while.
local function is_avoided(id)
  local avoid, avoid_until = read(id, 'avoid', 'avoid_until')
  return worker ~= '' and avoid == worker and now() < tonumber(avoid_until)
end

local function head(lane)
  local rows = redis.call('ZRANGE', lane, 0, PEEK - 1, 'WITHSCORES')
  for i = 1, #rows, 2 do
    if not is_avoided(rows[i]) then return rows[i], tonumber(rows[i + 1]) end
  end
end

-- A lower priority goes first where it has waited longer by its handicap: nobody starves.
local function in_order(open)
  local ranks, due = {}, {}
  for rank = FIRST, LAST do
    for _, after in ipairs(open) do
      local oldest = redis.call('ZRANGE', of_lane('since', stage, rank, after), 0, 0, 'WITHSCORES')[2]
      if oldest then due[rank] = math.min(due[rank] or math.huge, oldest + rank * handicap_ms) end
    end
    if due[rank] then ranks[#ranks + 1] = rank end
  end
  table.sort(ranks, function(a, b) return due[a] < due[b] end)
  return ranks
end

local function best(open)
  for _, rank in ipairs(in_order(open)) do
    local found, lowest
    for _, after in ipairs(open) do
      local id, tag = head(of_lane('lane', stage, rank, after))
      if id and (not lowest or tag < lowest) then found, lowest = {id, rank, after}, tag end
    end
    if found then return found end
  end
end

local open = open_afters(stage, most_waiting)
while true do
  local found = best(open)
  if not found then return {} end
  local id, rank, after = unpack(found)
  local status, tag, started_at = read(id, 'status', 'tag', 'started_at')
  redis.call('HSET', tags_key(stage, rank), '', tag or 0)
  take_out(id, stage, rank, after)
  if status and not is_terminal(status) then
    if is_late(id) then
      end_late(id)
    else
      redis.call('HSET', job_key(id), 'owner', owner, 'worker', worker, 'claimed_at', now())
      redis.call('HSETNX', job_key(id), 'started_at', now())
      redis.call('HSET', ROOT .. 'owners', owner, id)
      redis.call('ZADD', ROOT .. 'leases', now() + lease_ms, id)
      move(id, started_at and 'job.stage_started' or 'job.started', 'running')
      return redis.call('HGETALL', job_key(id))
    end
  end
end
