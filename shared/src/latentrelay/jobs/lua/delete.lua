-- Forget a job that has ended.
-- ARGV: id
-- Returns: deleted | live | referenced, or nothing where there is no such job
local id = ARGV[1]
local status = read(id, 'status')
if not status then return false end
if not is_terminal(status) then return 'live' end
if redis.call('EXISTS', ROOT .. 'refs:' .. id) == 1 then return 'referenced' end
for _, index in ipairs({'jobs', 'jobs:' .. status, 'sweep:latents', 'sweep:images', 'sweep:records', 'sweep:leftovers'}) do
  redis.call('ZREM', ROOT .. index, id)
end
redis.call('ZREM', ROOT .. 'listed:' .. read(id, 'tenant'), id)
redis.call('DEL', job_key(id), ROOT .. 'events:' .. id, ROOT .. 'preview:' .. id)
return 'deleted'
