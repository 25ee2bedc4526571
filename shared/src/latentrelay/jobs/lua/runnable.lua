-- How many of the jobs that wait for a stage could be claimed now.
-- ARGV: stage, jobs that may wait for a next stage
local stage, most_waiting = ARGV[1], ARGV[2]
local count = 0
for _, after in ipairs(open_afters(stage, most_waiting)) do
  local waiting = 0
  for rank = FIRST, LAST do waiting = waiting + redis.call('ZCARD', of_rank('since', stage, rank, after)) end
  count = count + math.min(waiting, room_for(after, most_waiting))
end
return count
