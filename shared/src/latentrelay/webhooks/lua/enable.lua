-- Send an endpoint its messages again, those that wait too, as if it had never failed; or send it nothing.
-- ARGV: id, '1' or '0'
-- Returns: done, or nothing where there is no such endpoint
local id, enabled = unpack(ARGV)
local key = endpoint_key(id)
if not exists(key) then return false end
if enabled == '1' then
  redis.call('HSET', key, 'enabled', 1)
  redis.call('HDEL', key, 'disabled_reason', 'disabled_at', 'failures', 'failing_since', 'opened', 'spared_until', 'asked_until',
    'last_failed_at')
elseif endpoint_field(id, 'enabled') == '1' then
  redis.call('HSET', key, 'enabled', 0, 'disabled_reason', 'by_hand', 'disabled_at', now())
end
wake(id)
return 'done'
