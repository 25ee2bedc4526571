-- Forget a job that has ended.
-- ARGV: id
-- Returns: deleted | live, or nothing where there is no such job
local id = ARGV[1]
local status = read(id, 'status')
if not status then return false end
if not is_terminal(status) then return 'live' end
redis.call('ZREM', ROOT .. 'jobs', id)
redis.call('ZREM', ROOT .. 'jobs:' .. status, id)
redis.call('DEL', job_key(id), ROOT .. 'events:' .. id)
return 'deleted'
