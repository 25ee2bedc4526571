-- A stage is done: its artifacts, the next stage's pending entry or the job's end, all or nothing, behind the fence.
-- ARGV: id, stage, attempt, owner, artifacts as JSON, timings as JSON, the work that it was, the seconds that it took
-- Returns: advanced | succeeded | canceled | lost
local artifacts, timings, work, seconds = unpack(ARGV, 5)
local OLDER = 0.95 -- what a job counts when another is done: the last twenty or so tell the pace

local function remember_pace(stage)
  local pace = ROOT .. 'pace:' .. stage
  for name, more in pairs({jobs = 1, work = work, seconds = seconds}) do
    redis.call('HSET', pace, name, (redis.call('HGET', pace, name) or 0) * OLDER + more)
  end
end

return settle('commit', function(id, stage)
  local after = following(id, stage)
  redis.call('HSET', job_key(id), 'artifacts', artifacts, 'timings', timings)
  if tonumber(work) > 0 then remember_pace(stage) end
  remember_done(id, stage, tonumber(work) > 0)
  if not after then
    finish(id, 'succeeded', '')
    return 'succeeded'
  end
  let_go(id)
  move(id, 'job.stage_finished', 'running')
  enqueue_at(id, after)
  return 'advanced'
end)
