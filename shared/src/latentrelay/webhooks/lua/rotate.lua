-- Give an endpoint other keys, unless somebody else did since they were read.
-- ARGV: id, its keys as they were read, its keys from now on, its public key or ''
-- Returns: rotated | changed, or nothing where there is no such endpoint
local id, was, sealed, public_key = unpack(ARGV)
if not exists(endpoint_key(id)) then return false end
if endpoint_field(id, 'secrets') ~= was then return 'changed' end
redis.call('HSET', endpoint_key(id), 'secrets', sealed)
if public_key ~= '' then redis.call('HSET', endpoint_key(id), 'public_key', public_key) end
return 'rotated'
