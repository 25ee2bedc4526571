-- The record first: job, index, pending entry and first event, all or nothing. A repeated submit changes nothing.
-- ARGV: id, tenant, route, idempotency key or '', fingerprint of the request, jobs allowed to live, those of one tenant,
--   longest life in ms, pixels of the job, pixels a day allowed to the tenant or '', whether to record nothing ('1' or ''),
--   then the record's fields and values
-- Returns: {created | replayed | mismatch | draining | too_many_pixels | full | tenant_full | pixels_spent | gone, id of
--   the job, for `draining` the stage, for `gone` the key of the input, for `pixels_spent` the ms until the next day (UTC)}
local id, tenant, route, idempotency_key, fingerprint, most, most_of_tenant, life_ms, pixels, most_pixels, dry =
  unpack(ARGV, 1, 11)
local given = {}
for i = 12, #ARGV, 2 do given[ARGV[i]] = ARGV[i + 1] end
if redis.call('EXISTS', job_key(id)) == 1 then return {'created', id} end

local key = ROOT .. 'idempotency:' .. tenant .. ':' .. idempotency_key
if idempotency_key ~= '' then
  local earlier = redis.call('HMGET', key, 'job_id', 'fingerprint')
  if earlier[1] and redis.call('EXISTS', job_key(earlier[1])) == 1 then
    return {earlier[2] == fingerprint and 'replayed' or 'mismatch', earlier[1]}
  end
end

for stage in route:gmatch('[^,]+') do
  if state_of(stage) == 'draining' then return {'draining', stage} end
end
if most_pixels ~= '' and tonumber(pixels) > tonumber(most_pixels) then return {'too_many_pixels', id} end
local queued, running = redis.call('ZCARD', ROOT .. 'jobs:queued'), redis.call('ZCARD', ROOT .. 'jobs:running')
if queued + running >= tonumber(most) then return {'full', id} end
if redis.call('SCARD', ROOT .. 'live:' .. tenant) >= tonumber(most_of_tenant) then return {'tenant_full', id} end

-- What it reads may have been swept since the request was read: a job that is recorded finds its inputs. A job's folder
-- may hold an upload, which came with it, beside what it made: each is swept by itself.
local function is_there(input, owner)
  if input:match('^inputs/') then return redis.call('EXISTS', ROOT .. 'upload:' .. owner) == 1 end
  return read(owner, 'artifacts'):find('"' .. input .. '"', 1, true)
end

for input, owner in each_key(given.inputs or '[]') do
  if not is_there(input, owner) then return {'gone', input} end
end

local DAY = 86400000
local today = math.floor(now() / DAY)
local spent = ROOT .. 'pixels:' .. tenant .. ':' .. today
if most_pixels ~= '' then
  if tonumber(redis.call('GET', spent) or 0) + pixels > tonumber(most_pixels) then
    return {'pixels_spent', string.format('%d', (today + 1) * DAY - now())}
  end
end
if dry == '1' then return {'created', id} end
if most_pixels ~= '' then
  redis.call('INCRBY', spent, pixels)
  redis.call('PEXPIRE', spent, DAY)
end

local last = now() + life_ms -- what it reads is kept no longer
redis.call('HSET', job_key(id), 'id', id, 'tenant', tenant, 'route', route, 'attempt', 1, 'first_attempt', 1,
  'sequence', 0, 'created_at', now(), 'owner', '', unpack(ARGV, 12))
redis.call('HSET', job_key(id), 'deadline', math.min(tonumber(given.deadline or last), last))
if idempotency_key ~= '' then
  redis.call('HSET', key, 'job_id', id, 'fingerprint', fingerprint)
  redis.call('PEXPIRE', key, 86400000)
end
hold_inputs(id)
redis.call('ZADD', ROOT .. 'deadlines', (read(id, 'deadline')), id)
redis.call('ZADD', ROOT .. 'jobs', (read(id, 'created_at')), id)
redis.call('ZADD', ROOT .. 'listed:' .. tenant, (read(id, 'created_at')), id)
redis.call('SADD', ROOT .. 'live:' .. tenant, id)
enqueue(id, route:match('^[^,]+'))
move(id, 'job.queued', 'queued')
return {'created', id}
