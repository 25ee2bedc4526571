-- How many of the jobs that wait for each stage could be claimed now.
-- ARGV: jobs that may wait for a next stage, then stages
-- Returns: a number for each stage
local most_waiting = ARGV[1]

local function runnable(stage)
  local count = 0
  for _, after in ipairs(open_afters(stage, most_waiting)) do
    local waiting = 0
    for rank = FIRST, LAST do waiting = waiting + redis.call('ZCARD', of_rank('since', stage, rank, after)) end
    count = count + math.min(waiting, room_for(after, most_waiting))
  end
  return count
end

local counts = {}
for i = 2, #ARGV do counts[i - 1] = runnable(ARGV[i]) end
return counts
