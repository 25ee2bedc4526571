-- Make an upload unknown, before its object is removed, unless a job that lives reads it.
-- ARGV: id of the upload
-- Returns: forgotten | referenced
local id = ARGV[1]
local status = read(id, 'status') -- of the job it came with
if redis.call('EXISTS', ROOT .. 'refs:' .. id) == 1 then return 'referenced' end
if status and not is_terminal(status) then return 'referenced' end
redis.call('DEL', ROOT .. 'upload:' .. id)
redis.call('ZREM', ROOT .. 'uploads', id)
return 'forgotten'
