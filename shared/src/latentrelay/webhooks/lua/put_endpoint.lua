-- Register an endpoint, or change one; it is subscribed to its events and to no others.
-- ARGV: id, tenant, how many a tenant may have for a new one or '', events joined by commas or '' to leave them, then
--   fields and values; a value '' removes its field
-- Returns: put | full, or nothing where there is none to change
local id, tenant, most, events = unpack(ARGV, 1, 4)
local key = endpoint_key(id)
if most == '' then
  if not exists(key) then return false end
elseif redis.call('ZCARD', ROOT .. 'endpoints:' .. tenant) >= tonumber(most) then
  return 'full'
else
  redis.call('HSET', key, 'id', id, 'tenant', tenant, 'created_at', now(), 'enabled', 1)
  redis.call('ZADD', ROOT .. 'endpoints', now(), id)
  redis.call('ZADD', ROOT .. 'endpoints:' .. tenant, now(), id)
end
for i = 5, #ARGV, 2 do
  if ARGV[i + 1] == '' then redis.call('HDEL', key, ARGV[i]) else redis.call('HSET', key, ARGV[i], ARGV[i + 1]) end
end
if events ~= '' then
  for event in endpoint_field(id, 'events'):gmatch('[^,]+') do
    redis.call('SREM', ROOT .. 'subscribed:' .. tenant .. ':' .. event, id)
  end
  for event in events:gmatch('[^,]+') do redis.call('SADD', ROOT .. 'subscribed:' .. tenant .. ':' .. event, id) end
  redis.call('HSET', key, 'events', events)
end
redis.call('HDEL', key, 'spaced_until')
wake(id)
return 'put'
