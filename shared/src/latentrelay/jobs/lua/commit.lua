-- A stage is done: its artifacts, the next stage's pending entry or the job's end, all or nothing, behind the fence.
-- ARGV: id, stage, attempt, owner, artifacts as JSON, timings as JSON
-- Returns: advanced | succeeded | canceled | lost
local id, stage, attempt, owner, artifacts, timings = unpack(ARGV)
local commit = table.concat({stage, attempt, owner}, '/')
local after = read(id, 'route') and following(id, stage)
if read(id, 'committed') == commit then return after and 'advanced' or 'succeeded' end
if not holds(id, stage, attempt, owner) then return 'lost' end
redis.call('HSET', job_key(id), 'artifacts', artifacts)
if read(id, 'cancel') then
  finish(id, 'canceled', '')
  return 'canceled'
end
redis.call('HSET', job_key(id), 'timings', timings, 'committed', commit)
if not after then
  finish(id, 'succeeded', '')
  return 'succeeded'
end
let_go(id)
move(id, 'job.stage_finished', 'running')
enqueue_at(id, after)
return 'advanced'
