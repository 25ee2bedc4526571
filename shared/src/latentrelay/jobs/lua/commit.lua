-- A stage is done: its artifacts, the next stage's pending entry or the job's end, all or nothing, behind the fence.
-- ARGV: id, stage, attempt, owner, artifacts as JSON, timings as JSON
-- Returns: advanced | succeeded | canceled | lost
local artifacts, timings = ARGV[5], ARGV[6]
return settle('commit', function(id, stage)
  local after = following(id, stage)
  redis.call('HSET', job_key(id), 'artifacts', artifacts, 'timings', timings)
  if not after then
    finish(id, 'succeeded', '')
    return 'succeeded'
  end
  let_go(id)
  move(id, 'job.stage_finished', 'running')
  enqueue_at(id, after)
  return 'advanced'
end)
