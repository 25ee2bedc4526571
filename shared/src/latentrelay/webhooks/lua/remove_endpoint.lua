-- Forget an endpoint. Its messages are the caller's to drop.
-- ARGV: id
-- Returns: removed, or nothing where there is no such endpoint
local id = ARGV[1]
local key, tenant = endpoint_key(id), endpoint_field(id, 'tenant')
if not exists(key) then return false end
for event in endpoint_field(id, 'events'):gmatch('[^,]+') do
  redis.call('SREM', ROOT .. 'subscribed:' .. tenant .. ':' .. event, id)
end
redis.call('ZREM', ROOT .. 'endpoints', id)
redis.call('ZREM', ROOT .. 'endpoints:' .. tenant, id)
redis.call('ZREM', DUE, id)
redis.call('ZREM', parked_of(tenant), id)
redis.call('DEL', key)
return 'removed'
