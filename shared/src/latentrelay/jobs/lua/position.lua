-- How many jobs of its stage go before each one that waits, if nobody ages and nothing comes or goes.
-- ARGV: ids
-- Returns: a number for each id; -1 where it does not wait

-- The tenants that wait in one rank: {tenant, its turn, how many jobs}.
local known = {}
local function tenants_in(stage, rank)
  local place = stage .. ':' .. rank
  if known[place] then return known[place] end
  local jobs, turns, rows = {}, {}, {}
  for _, after in ipairs(afters(stage)) do
    local round = redis.call('ZRANGE', of_rank('turns', stage, rank, after), 0, -1, 'WITHSCORES')
    for i = 1, #round, 2 do
      jobs[round[i]] = (jobs[round[i]] or 0) + redis.call('ZCARD', lane_key(stage, rank, after, round[i]))
      turns[round[i]] = tonumber(round[i + 1])
    end
  end
  for tenant, turn in pairs(turns) do rows[#rows + 1] = {tenant, turn, jobs[tenant]} end
  known[place] = rows
  return rows
end

local function before_of_its_tenant(id, stage, rank, tenant)
  local since, count = read(id, 'waits_since'), 0
  for _, after in ipairs(afters(stage)) do
    count = count + redis.call('ZCOUNT', lane_key(stage, rank, after, tenant), '-inf', '(' .. since)
  end
  return count
end

local function position(id)
  local status, owner, stage, rank, tenant = read(id, 'status', 'owner', 'stage', 'priority', 'tenant')
  if not status or is_terminal(status) or owner ~= '' or not is_waiting(id, stage) then return -1 end
  local own, turn = before_of_its_tenant(id, stage, rank, tenant), tonumber(turn_of(stage, rank, tenant))
  local count = own
  for _, row in ipairs(tenants_in(stage, rank)) do
    if row[1] ~= tenant then count = count + math.min(row[3], row[2] < turn and own + 1 or own) end
  end
  for better = FIRST, rank - 1 do
    for _, after in ipairs(afters(stage)) do count = count + redis.call('ZCARD', of_rank('since', stage, better, after)) end
  end
  return count
end

local positions = {}
for i, id in ipairs(ARGV) do positions[i] = position(id) end
return positions
