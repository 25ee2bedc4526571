-- A worker ends the job it holds: failed or canceled; a cancel that came first wins.
-- ARGV: id, stage, attempt, owner, status, error as JSON or ''
-- Returns: the status | lost
local status, err = ARGV[5], ARGV[6]
return settle('end', function(id)
  finish(id, status, err)
  return status
end)
