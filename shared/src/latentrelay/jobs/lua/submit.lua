-- The record first: job, index, pending entry and first event, all or nothing. A repeated submit changes nothing.
-- ARGV: id, stage, idempotency key or '', fingerprint of the request, then the record's fields and values
-- Returns: {created | replayed | mismatch, id of the job}
local id, stage, idempotency_key, fingerprint = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if redis.call('EXISTS', job_key(id)) == 1 then return {'created', id} end
if idempotency_key ~= '' then
  local key = ROOT .. 'idempotency:' .. idempotency_key
  local earlier = redis.call('HMGET', key, 'job_id', 'fingerprint')
  if earlier[1] and redis.call('EXISTS', job_key(earlier[1])) == 1 then
    return {earlier[2] == fingerprint and 'replayed' or 'mismatch', earlier[1]}
  end
  redis.call('HSET', key, 'job_id', id, 'fingerprint', fingerprint)
  redis.call('PEXPIRE', key, 86400000)
end
redis.call('HSET', job_key(id), 'id', id, 'stage', stage, 'attempt', 1, 'sequence', 0, 'created_at', now(),
  'owner', '', unpack(ARGV, 5))
redis.call('ZADD', ROOT .. 'jobs', read(id, 'created_at'), id)
local deadline = read(id, 'deadline')
if deadline then redis.call('ZADD', ROOT .. 'deadlines', deadline, id) end
enqueue(id, stage)
move(id, 'job.queued', 'queued')
return {'created', id}
