-- Cancel by id, in every state. A job nobody holds, or whose lease ran out, ends now; one that is held ends at its worker's next step.
-- ARGV: id
-- Returns: the status after it, or nothing where there is no such job
local id = ARGV[1]
local status, owner = read(id, 'status', 'owner')
if not status then return false end
if is_terminal(status) then return status end
local lease = redis.call('ZSCORE', ROOT .. 'leases', id)
if owner == '' or not lease or tonumber(lease) <= now() then
  finish(id, 'canceled', '')
  return 'canceled'
end
if not read(id, 'cancel') then
  redis.call('HSET', job_key(id), 'cancel', 1)
  move(id, 'job.cancel_requested', status)
end
return status
