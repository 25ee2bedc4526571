-- An earlier stage's object is gone from the store: that stage makes it again, once in a job's life.
-- ARGV: id, stage, attempt, owner, the stage before it, the artifacts that are left as JSON, the error as JSON
-- Returns: queued | canceled | lost | refused
local earlier, artifacts, err = unpack(ARGV, 5)
return settle('rewind', function(id, stage)
  if read(id, 'rewound') or following(id, earlier) ~= stage then return 'refused' end
  let_go(id)
  redis.call('HSET', job_key(id), 'rewound', 1, 'untidy', 1, 'artifacts', artifacts)
  enqueue_at(id, earlier)
  move(id, 'job.retried', 'queued', {outcome = 'rewound', error = err})
  return 'queued'
end)
