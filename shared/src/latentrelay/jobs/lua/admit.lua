-- Let in a request that brings an API key, and count it in the minute of the key's tenant, which begins with its first
-- request. What is refused is not counted.
-- ARGV: id of the key, digest of its text
-- Returns: {admitted | asked_too_often, the key as JSON, requests left in this minute, ms until it is over, jobs of its
--   tenant that have not ended}, or nothing where the key is unknown, another's, or revoked
local id, given = unpack(ARGV)
local told, digest, tenant, per_minute, revoked_at =
  unpack(redis.call('HMGET', ROOT .. 'key:' .. id, 'told', 'digest', 'tenant', 'per_minute', 'revoked_at'))
if digest ~= given or revoked_at then return false end

local asked = ROOT .. 'asked:' .. tenant
redis.call('SET', asked, 0, 'PX', 60000, 'NX')
local count, left_ms = tonumber(redis.call('GET', asked)), redis.call('PTTL', asked)
local live = redis.call('SCARD', ROOT .. 'live:' .. tenant)
local left = tonumber(per_minute) - count
if left <= 0 then return {'asked_too_often', told, 0, left_ms, live} end
redis.call('INCR', asked)
return {'admitted', told, left - 1, left_ms, live}
