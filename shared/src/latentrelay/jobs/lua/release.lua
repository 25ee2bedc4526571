-- A worker that must end gives the job it holds back at once, in its old place; the attempt is not counted.
-- ARGV: id, stage, attempt, owner
-- Returns: queued | canceled | lost
return settle('release', function(id)
  redis.call('HINCRBY', job_key(id), 'first_attempt', 1)
  next_attempt(id, 0, 'handed_back', '')
  return 'queued'
end)
