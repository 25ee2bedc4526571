-- Let a job that has ended forget some of what it made, before the objects are removed.
-- ARGV: id, its artifacts as they were read, those that stay, both as JSON
-- Returns: stripped | live | referenced | changed, or nothing where there is no such job
local id, was, stays = unpack(ARGV)
local status, artifacts = read(id, 'status', 'artifacts')
if not status then return false end
if not is_terminal(status) then return 'live' end
if redis.call('EXISTS', ROOT .. 'refs:' .. id) == 1 then return 'referenced' end
if artifacts ~= was then return 'changed' end
redis.call('HSET', job_key(id), 'artifacts', stays)
return 'stripped'
