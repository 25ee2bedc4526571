-- A worker ends the job it holds: failed or canceled.
-- ARGV: id, stage, attempt, owner, status, error as JSON or ''
-- Returns: the status | lost
local id, stage, attempt, owner, status, err = unpack(ARGV)
if not holds(id, stage, attempt, owner) then return 'lost' end
finish(id, status, err)
return status
