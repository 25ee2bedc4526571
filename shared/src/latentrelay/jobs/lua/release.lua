-- A worker that must end gives the job it holds back at once, in its old place; the attempt is not counted.
-- ARGV: id, stage, attempt, owner
-- Returns: queued | canceled | lost
local id, stage, attempt, owner = unpack(ARGV)
if not holds(id, stage, attempt, owner) then return 'lost' end
if read(id, 'cancel') then
  finish(id, 'canceled', '')
  return 'canceled'
end
redis.call('HINCRBY', job_key(id), 'first_attempt', 1)
next_attempt(id, 0)
return 'queued'
