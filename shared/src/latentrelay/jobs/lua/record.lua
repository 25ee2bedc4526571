-- The only ways in which a job moves. Prepended to every script, after lanes.lua.

-- One entry in the job's stream, and one where all jobs are watched; progress and error are JSON or absent. `more` are
-- fields of the job's own entry: the `worker` of an attempt that begins, the `outcome` and `error` of one that ended.
local function tell(id, type, more)
  local tenant, kind, sequence, status, attempt, stage, progress, err, fed_at =
    read(id, 'tenant', 'kind', 'sequence', 'status', 'attempt', 'stage', 'progress', 'error', 'fed_at')
  local at = now()
  local told = {'type', type, 'timestamp', at, 'sequence', sequence, 'status', status, 'attempt', attempt,
    'stage', stage, 'progress', progress or ''}
  if is_fed(id, type, at, fed_at) then feed(tenant, 'job_id', id, 'kind', kind or '', unpack(told)) end
  more = more or {}
  more.error = more.error or err or ''
  for name, value in pairs(more) do told[#told + 1], told[#told + 2] = name, value end
  redis.call('XADD', ROOT .. 'events:' .. id, 'MAXLEN', '~', 1000, '*', unpack(told))
end

-- Every move goes through here: the status index, the sequence and the event belong together.
local function move(id, type, status, more)
  local old, created_at = read(id, 'status', 'created_at')
  if old ~= status then
    if old then redis.call('ZREM', ROOT .. 'jobs:' .. old, id) end
    redis.call('HSET', job_key(id), 'status', status)
    redis.call('ZADD', ROOT .. 'jobs:' .. status, created_at, id)
  end
  redis.call('HINCRBY', job_key(id), 'sequence', 1)
  tell(id, type, more)
end

local function enqueue(id, stage)
  redis.call('HSET', job_key(id), 'queued_at', now(), 'stage', stage, 'owner', '')
  enter_lane(id, stage)
end

-- Another stage: attempts go on from the number this stage had last, so that no object is ever written over.
local function enqueue_at(id, stage)
  local left, attempt = read(id, 'stage', 'attempt')
  redis.call('HSET', job_key(id), 'attempt:' .. left, attempt)
  attempt = tonumber(read(id, 'attempt:' .. stage) or 0) + 1
  redis.call('HSET', job_key(id), 'attempt', attempt, 'first_attempt', attempt)
  redis.call('HDEL', job_key(id), 'waits_since', 'avoid')
  enqueue(id, stage)
end

local function let_go(id)
  local stage, owner = read(id, 'stage', 'owner')
  redis.call('ZREM', ROOT .. 'leases', id)
  redis.call('ZREM', ROOT .. 'delayed', id)
  redis.call('ZADD', ROOT .. 'deadlines', 'XX', (read(id, 'deadline')), id) -- put off while it was held
  leave_lane(id, stage)
  if redis.call('HGET', ROOT .. 'owners', owner) == id then redis.call('HDEL', ROOT .. 'owners', owner) end
  redis.call('HSET', job_key(id), 'owner', '')
  redis.call('HDEL', job_key(id), 'progress')
end

-- While a job lives, nothing that it reads is swept.
local function hold_inputs(id)
  for _, owner in each_key((read(id, 'inputs'))) do redis.call('SADD', ROOT .. 'refs:' .. owner, id) end
end

local function release_inputs(id)
  for _, owner in each_key((read(id, 'inputs'))) do redis.call('SREM', ROOT .. 'refs:' .. owner, id) end
end

-- What is to be swept of a job that has ended; leftovers are objects that its record does not name, and those that
-- came with a job that nobody waits for any more.
local function leave_to_sweeper(id, status)
  local completed_at, untidy = read(id, 'completed_at', 'untidy')
  for _, class in ipairs({'latents', 'images', 'records'}) do
    redis.call('ZADD', ROOT .. 'sweep:' .. class, completed_at, id)
  end
  if untidy or status ~= 'succeeded' then
    redis.call('ZADD', ROOT .. 'sweep:leftovers', completed_at, id)
  end
end

-- The end of a job, the same for every reason; it is in the outbox in the same step.
local function finish(id, status, err, outcome)
  let_go(id)
  release_inputs(id)
  redis.call('ZREM', ROOT .. 'deadlines', id)
  redis.call('EXPIRE', ROOT .. 'preview:' .. id, 60) -- for those who were told of it just now
  redis.call('SREM', ROOT .. 'live:' .. read(id, 'tenant'), id)
  redis.call('HSET', job_key(id), 'completed_at', now())
  if err ~= '' then redis.call('HSET', job_key(id), 'error', err) end
  move(id, 'job.' .. status, status, {outcome = outcome})
  remember_end(status, err)
  leave_to_sweeper(id, status)
  tell_outside(id, status)
end

local function is_late(id) return tonumber((read(id, 'deadline'))) <= now() end

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
  return status == 'running' and owner ~= '' and now_stage == stage and now_attempt == attempt and now_owner == owner
end

-- The last word of a worker on its claim, (id, stage, attempt, owner) in ARGV. A cancel that came first wins. A word that
-- is repeated, its answer lost, is answered alike.
local function settle(word, act)
  local id, stage, attempt, owner = unpack(ARGV, 1, 4)
  local said = table.concat({word, attempt, owner}, '/')
  local earlier, answer = read(id, 'said:' .. stage, 'answer:' .. stage)
  if earlier == said then return answer end
  if not holds(id, stage, attempt, owner) then return 'lost' end
  if read(id, 'cancel') then
    finish(id, 'canceled', '')
    answer = 'canceled'
  else
    answer = act(id, stage)
  end
  redis.call('HSET', job_key(id), 'said:' .. stage, said, 'answer:' .. stage, answer)
  return answer
end

-- `outcome` and `err`, as JSON or '', say how this attempt ended.
local function next_attempt(id, delay_ms, outcome, err)
  let_go(id)
  redis.call('HINCRBY', job_key(id), 'attempt', 1)
  redis.call('HSET', job_key(id), 'untidy', 1)
  if tonumber(delay_ms) > 0 then
    redis.call('ZADD', ROOT .. 'delayed', now() + delay_ms, id)
  else
    enqueue(id, (read(id, 'stage')))
  end
  move(id, 'job.retried', 'queued', {outcome = outcome, error = err})
end

-- Another attempt after delay_ms, or the end where there were enough.
local function try_again(id, delay_ms, max_attempts, outcome, err)
  local attempt, first = read(id, 'attempt', 'first_attempt')
  if attempt - first + 1 >= tonumber(max_attempts) then
    bury(id, err)
    finish(id, 'failed', err, outcome)
    return 'failed'
  end
  next_attempt(id, delay_ms, outcome, err)
  return 'queued'
end
