-- A worker gives the job it holds back for another attempt, which others are to make; after the last one it fails and
-- is buried.
-- ARGV: id, stage, attempt, owner, delay in ms, attempts allowed, error as JSON, how long it leaves the job to others in ms
-- Returns: queued | failed | canceled | lost
local delay_ms, max_attempts, err, avoid_ms = unpack(ARGV, 5)
return settle('retry', function(id)
  redis.call('HSET', job_key(id), 'avoid', (read(id, 'worker')) or '', 'avoid_until', now() + delay_ms + avoid_ms)
  return try_again(id, delay_ms, max_attempts, 'retried', err)
end)
