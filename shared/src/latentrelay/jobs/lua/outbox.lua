-- What is told outside of a job: a row in the outbox, written with the move itself. Prepended to every script.
local PROGRESS_MS = 2000 -- progress is told no more often

-- Whether anybody wants to be told: of a job that names a webhook that one alone, else whoever of its tenant subscribed.
local function is_wanted(id, event)
  local wanted, tenant = read(id, 'webhook', 'tenant')
  if wanted and wanted ~= '' then return (',' .. wanted .. ','):find(',' .. event .. ',', 1, true) ~= nil end
  return redis.call('EXISTS', ROOT .. 'subscribed:' .. tenant .. ':' .. event) == 1
end

-- A row holds the record as it stood: what is told outlives the record.
local function tell_outside(id, event)
  if is_wanted(id, event) then
    redis.call('XADD', ROOT .. 'outbox', '*', 'event', event, 'event_at', now(), unpack(redis.call('HGETALL', job_key(id))))
  end
end

local function tell_progress_outside(id)
  if now() - (read(id, 'progress_told_at') or 0) < PROGRESS_MS then return end
  redis.call('HSET', job_key(id), 'progress_told_at', now())
  tell_outside(id, 'progress')
end
