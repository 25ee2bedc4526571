-- Prepended to every script: the keys, the clock, and the only ways in which a job moves.
local ROOT = 'latentrelay:'

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function job_key(id) return ROOT .. 'job:' .. id end

local function read(id, ...) return unpack(redis.call('HMGET', job_key(id), ...)) end

local function is_terminal(status)
  return status == 'succeeded' or status == 'failed' or status == 'canceled' or status == 'expired'
end

-- One entry in the job's stream; progress and error are JSON or absent.
local function tell(id, type)
  local sequence, status, attempt, stage, progress, err =
    read(id, 'sequence', 'status', 'attempt', 'stage', 'progress', 'error')
  redis.call('XADD', ROOT .. 'events:' .. id, 'MAXLEN', '~', 1000, '*', 'type', type, 'timestamp', now(),
    'sequence', sequence, 'status', status, 'attempt', attempt, 'stage', stage,
    'progress', progress or '', 'error', err or '')
end

-- Every move goes through here: the status index, the sequence and the event belong together.
local function move(id, type, status)
  local old, created_at = read(id, 'status', 'created_at')
  if old ~= status then
    if old then redis.call('ZREM', ROOT .. 'jobs:' .. old, id) end
    redis.call('HSET', job_key(id), 'status', status)
    redis.call('ZADD', ROOT .. 'jobs:' .. status, created_at, id)
  end
  redis.call('HINCRBY', job_key(id), 'sequence', 1)
  tell(id, type)
end

-- Priority first, then first come, first served: 1e14 ms is later than any date.
local function enqueue(id, stage)
  local priority = read(id, 'priority')
  redis.call('HSET', job_key(id), 'queued_at', now(), 'stage', stage, 'owner', '')
  redis.call('ZADD', ROOT .. 'pending:' .. stage, priority * 1e14 + now(), id)
end

local function let_go(id)
  local stage, owner = read(id, 'stage', 'owner')
  redis.call('ZREM', ROOT .. 'leases', id)
  redis.call('ZREM', ROOT .. 'delayed', id)
  redis.call('ZREM', ROOT .. 'pending:' .. stage, id)
  if owner ~= '' then redis.call('HDEL', ROOT .. 'owners', owner) end
  redis.call('HSET', job_key(id), 'owner', '')
  redis.call('HDEL', job_key(id), 'progress')
end

-- The end of a job, the same for every reason; a webhook asked for gets its outbox row in the same step.
local function finish(id, status, err)
  let_go(id)
  redis.call('ZREM', ROOT .. 'deadlines', id)
  redis.call('HSET', job_key(id), 'completed_at', now())
  if err ~= '' then redis.call('HSET', job_key(id), 'error', err) end
  move(id, 'job.' .. status, status)
  if read(id, 'webhook') == '1' then
    redis.call('XADD', ROOT .. 'outbox', '*', 'job_id', id, 'type', 'job.' .. status, 'sequence', read(id, 'sequence'))
  end
end

local function is_late(id)
  local deadline = read(id, 'deadline')
  return deadline and tonumber(deadline) <= now()
end

-- A job that nobody holds, past its deadline.
local function end_late(id)
  if read(id, 'started_at') then
    finish(id, 'failed', '{"code":"deadline_exceeded","detail":"The deadline passed before the job was done."}')
  else
    finish(id, 'expired', '{"code":"deadline_exceeded","detail":"The deadline passed before the job started."}')
  end
end

local function bury(id, reason)
  local stage, attempt = read(id, 'stage', 'attempt')
  redis.call('XADD', ROOT .. 'dead', 'MAXLEN', '~', 10000, '*', 'what', 'job', 'job_id', id, 'stage', stage,
    'attempt', attempt, 'reason', reason)
end

-- Whether this attempt by this owner still holds the job: the fence every write of a worker passes.
local function holds(id, stage, attempt, owner)
  local now_stage, now_attempt, now_owner, status = read(id, 'stage', 'attempt', 'owner', 'status')
  return status == 'running' and now_stage == stage and now_attempt == attempt and now_owner == owner
end

-- Another attempt after delay_ms, or the end where there were enough.
local function try_again(id, delay_ms, max_attempts, err)
  local stage, attempt = read(id, 'stage', 'attempt')
  if tonumber(attempt) >= tonumber(max_attempts) then
    bury(id, err)
    finish(id, 'failed', err)
    return 'failed'
  end
  let_go(id)
  redis.call('HINCRBY', job_key(id), 'attempt', 1)
  if tonumber(delay_ms) > 0 then
    redis.call('ZADD', ROOT .. 'delayed', now() + delay_ms, id)
  else
    enqueue(id, stage)
  end
  move(id, 'job.retried', 'queued')
  return 'queued'
end
