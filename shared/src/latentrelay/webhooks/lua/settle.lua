-- What came of an attempt. Only who holds the lease may say so.
-- ARGV: message, attempt, its record as JSON, its status now (pending | delivered | failed), ms until the next try,
--   'delivered' or 'failed' for the endpoint, ms to spare it or 0, why it is disabled or '',
--   then of the circuit: failures that open it, ms it is open at first and at most, and ms of failures that disable
-- Returns: settled | lost, and why the endpoint is disabled by this or ''
local id, attempt, told, status, delay_ms, fared, spare_ms, reason = unpack(ARGV, 1, 8)
local opening, open_ms, open_most_ms, failing_ms = unpack(ARGV, 9)
local endpoint, tenant = message_field(id, 'endpoint'), message_field(id, 'tenant')
if message_field(id, 'attempt') ~= attempt or not redis.call('ZSCORE', FLIGHT, in_flight(id, endpoint, tenant)) then
  return {'lost', ''}
end
local key = endpoint_key(endpoint)

local function spare(ms)
  if ms > 0 then redis.call('HSET', key, 'spared_until', math.max(number_of(endpoint, 'spared_until'), now() + ms)) end
end

local function open_circuit()
  local opened = redis.call('HINCRBY', key, 'opened', 1)
  spare(math.min(open_ms * 2 ^ (opened - 1), tonumber(open_most_ms)))
end

-- Failures of attempts that were under way when the circuit opened open it no further.
local function has_failed()
  local failures, was_spared = redis.call('HINCRBY', key, 'failures', 1), number_of(endpoint, 'spared_until') > now()
  redis.call('HSETNX', key, 'failing_since', now())
  if failures >= tonumber(opening) and not was_spared then open_circuit() end
  spare(tonumber(spare_ms))
  if reason == '' and now() - number_of(endpoint, 'failing_since') >= tonumber(failing_ms) then reason = 'failing' end
  if reason == '' or endpoint_field(endpoint, 'enabled') ~= '1' then reason = ''; return end
  redis.call('HSET', key, 'enabled', 0, 'disabled_reason', reason, 'disabled_at', now())
end

local function has_delivered()
  redis.call('HDEL', key, 'failures', 'failing_since', 'opened', 'spared_until')
  redis.call('HSET', key, 'last_delivered_at', now())
  reason = ''
end

log_attempt(id, tonumber(attempt), told)
redis.call('HINCRBY', message_key(id), 'tries', 1)
local was, is_known = message_field(id, 'status'), exists(key)
if status == 'pending' and not is_known then status = 'dropped' end
if was == 'pending' or status == 'delivered' then redis.call('HSET', message_key(id), 'status', status) end
if status == 'delivered' then redis.call('HSET', message_key(id), 'delivered_at', now()) end
if is_known then (fared == 'delivered' and has_delivered or has_failed)() end
if was == 'pending' and status == 'pending' then put_due(id, endpoint, now() + delay_ms) end
land(id, endpoint, tenant)
return {'settled', reason}
