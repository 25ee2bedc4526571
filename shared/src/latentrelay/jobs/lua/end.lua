-- A worker ends the job it holds: failed or canceled; a cancel that came first wins.
-- ARGV: id, stage, attempt, owner, status, error as JSON or ''
-- Returns: the status | lost
local id, stage, attempt, owner, status, err = unpack(ARGV)
if not holds(id, stage, attempt, owner) then return 'lost' end
if read(id, 'cancel') then status, err = 'canceled', '' end
finish(id, status, err)
return status
