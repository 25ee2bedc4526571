-- Let a stage be open, paused or draining from now on.
-- ARGV: stage, open | paused | draining
-- Returns: the state before
local stage, state = unpack(ARGV)
local before = state_of(stage)
if before ~= state then redis.call('HSET', STATES, stage, state, stage .. ':since', now()) end
return before
