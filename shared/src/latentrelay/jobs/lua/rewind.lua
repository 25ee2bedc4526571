-- An earlier stage's object is gone from the store: that stage makes it again, once in a job's life.
-- ARGV: id, stage, attempt, owner, the earlier stage, the artifacts that are left as JSON
-- Returns: queued | canceled | lost | refused
local id, stage, attempt, owner, earlier, artifacts = unpack(ARGV)
if not holds(id, stage, attempt, owner) then return 'lost' end
if read(id, 'cancel') then
  finish(id, 'canceled', '')
  return 'canceled'
end
if read(id, 'rewound') then return 'refused' end
let_go(id)
redis.call('HSET', job_key(id), 'rewound', 1, 'untidy', 1, 'artifacts', artifacts)
enqueue_at(id, earlier)
move(id, 'job.retried', 'queued')
return 'queued'
