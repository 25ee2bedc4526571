-- What came of an attempt. Only who holds the lease may say so.
-- ARGV: message, its endpoint, its tenant, attempt, its record as JSON, its status now (pending | delivered | failed), ms
--   until the next try, whether it was a try ('1' or ''), 'delivered', 'failed' or 'none' for the endpoint, ms that it
--   asks to be spared, why it is disabled or '', then of the circuit: failures that open it, ms it is open at first and
--   at most, and ms of failures that disable
-- Returns: settled | lost, and why the endpoint is disabled by this or ''
local id, endpoint, tenant, attempt, told, status, delay_ms, is_try, fared, asked_ms, reason = unpack(ARGV, 1, 11)
local opening, open_ms, open_most_ms, failing_ms = unpack(ARGV, 12)
local QUIET_MS = 86400000 -- without a failure, longer than any pause: what fails then begins anew
local key = endpoint_key(endpoint)

if message_field(id, 'attempt') ~= attempt or not land(id, endpoint, tenant) then return {'lost', ''} end

local function ask_for(field, ms)
  if ms > 0 then redis.call('HSET', key, field, math.max(number_of(endpoint, field), now() + ms)) end
end

-- Failures of attempts that were under way when it opened open it no further.
local function open_circuit()
  if number_of(endpoint, 'spared_until') > now() then return end
  local opened = redis.call('HINCRBY', key, 'opened', 1)
  ask_for('spared_until', math.min(open_ms * 2 ^ (opened - 1), tonumber(open_most_ms)))
end

local function disable()
  if endpoint_field(endpoint, 'enabled') ~= '1' then return '' end
  redis.call('HSET', key, 'enabled', 0, 'disabled_reason', reason, 'disabled_at', now())
  return reason
end

local function has_failed()
  local last = number_of(endpoint, 'last_failed_at')
  if now() - last > QUIET_MS then redis.call('HDEL', key, 'failures', 'failing_since', 'opened') end
  redis.call('HSET', key, 'last_failed_at', now())
  redis.call('HSETNX', key, 'failing_since', now())
  if redis.call('HINCRBY', key, 'failures', 1) >= tonumber(opening) then open_circuit() end
  ask_for('asked_until', tonumber(asked_ms))
  local failing = now() - number_of(endpoint, 'failing_since') >= tonumber(failing_ms)
  if reason == '' and failing and number_of(endpoint, 'opened') > 0 then reason = 'failing' end
  return reason == '' and '' or disable()
end

local function has_delivered()
  redis.call('HDEL', key, 'failures', 'failing_since', 'opened', 'spared_until', 'last_failed_at')
  redis.call('HSET', key, 'last_delivered_at', now())
  return ''
end

local function fare()
  if fared == 'none' or not exists(key) then return '' end
  return (fared == 'delivered' and has_delivered or has_failed)()
end

log_attempt(id, tonumber(attempt), told)
if is_try == '1' then redis.call('HINCRBY', message_key(id), 'tries', 1) end
local was = message_field(id, 'status')
if status == 'delivered' or (was == 'pending' and status ~= 'pending') then end_message(id, status) end
if status == 'delivered' then redis.call('HSET', message_key(id), 'delivered_at', now()) end
local disabled = fare()
if was == 'pending' and status == 'pending' then put_back(id, endpoint, now() + delay_ms) end
make_room(endpoint, tenant)
return {'settled', disabled}
