-- A worker gives the job it holds back for another attempt; after the last one it fails and is buried.
-- ARGV: id, stage, attempt, owner, delay in ms, attempts allowed, error as JSON
-- Returns: queued | failed | canceled | lost
local id, stage, attempt, owner, delay_ms, max_attempts, err = unpack(ARGV)
if not holds(id, stage, attempt, owner) then return 'lost' end
if read(id, 'cancel') then
  finish(id, 'canceled', '')
  return 'canceled'
end
return try_again(id, delay_ms, max_attempts, err)
