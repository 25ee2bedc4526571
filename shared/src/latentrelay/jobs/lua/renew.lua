-- Prolong a lease, tell what is new, and learn whether to go on. Tells nothing once the job is another's.
-- ARGV: id, stage, attempt, owner, lease in ms, progress as JSON or '', artifacts as JSON or '', event for them or '',
--   preview as base64 or '', how long it is kept in seconds
-- Returns: ok | canceled | late | lost
local id, stage, attempt, owner, lease_ms, progress, artifacts, event, preview, preview_seconds = unpack(ARGV)
if not holds(id, stage, attempt, owner) then return 'lost' end
redis.call('ZADD', ROOT .. 'leases', now() + lease_ms, id)
if preview ~= '' then redis.call('SET', ROOT .. 'preview:' .. id, preview, 'EX', preview_seconds) end
if progress ~= '' then
  redis.call('HSET', job_key(id), 'progress', progress)
  tell(id, 'job.progress')
  tell_progress_outside(id)
end
if artifacts ~= '' then redis.call('HSET', job_key(id), 'artifacts', artifacts) end
if event ~= '' then tell(id, event) end
local cancel, deadline = read(id, 'cancel', 'deadline')
if cancel then return 'canceled' end
if deadline and tonumber(deadline) <= now() then return 'late' end
return 'ok'
