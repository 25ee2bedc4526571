-- Take the best pending job of a stage. The claim decides, not the message that woke the worker.
-- ARGV: stage, owner, lease in ms
-- Returns: the record's fields and values, or nothing where no job is pending
local stage, owner, lease_ms = ARGV[1], ARGV[2], ARGV[3]

-- A repeated claim, its first answer lost, gets the same job.
local held = redis.call('HGET', ROOT .. 'owners', owner)
if held and read(held, 'owner') == owner and read(held, 'stage') == stage then
  redis.call('ZADD', ROOT .. 'leases', now() + lease_ms, held)
  return redis.call('HGETALL', job_key(held))
end

while true do
  local id = redis.call('ZRANGE', ROOT .. 'pending:' .. stage, 0, 0)[1]
  if not id then return {} end
  redis.call('ZREM', ROOT .. 'pending:' .. stage, id)
  local status, started_at = read(id, 'status', 'started_at')
  if status and not is_terminal(status) then
    if is_late(id) then
      end_late(id)
    else
      redis.call('HSET', job_key(id), 'owner', owner, 'claimed_at', now())
      redis.call('HSETNX', job_key(id), 'started_at', now())
      redis.call('HSET', ROOT .. 'owners', owner, id)
      redis.call('ZADD', ROOT .. 'leases', now() + lease_ms, id)
      move(id, started_at and 'job.stage_started' or 'job.started', 'running')
      return redis.call('HGETALL', job_key(id))
    end
  end
end
