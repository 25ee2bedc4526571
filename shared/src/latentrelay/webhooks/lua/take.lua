-- Take messages that are due, of every endpoint one before any gets a second. The lease decides whose they are.
-- ARGV: at most, lease in ms
-- Returns: {ms until the next may be due, or -1, then for each message its fields and values, and those of its endpoint}
local most, lease_ms = tonumber(ARGV[1]), tonumber(ARGV[2])
local gone = 1000 -- messages that were forgotten, passed over at once: a script must be short

local function space_out(endpoint)
  local rate = number_of(endpoint, 'max_per_second')
  if rate > 0 then redis.call('HSET', endpoint_key(endpoint), 'spaced_until', now() + math.ceil(1000 / rate)) end
end

-- The message of an endpoint that has been due longest.
local function first_due(endpoint)
  while gone > 0 do
    local id = redis.call('ZRANGE', due_of(endpoint), '-inf', INSTANT + 1, 'BYSCORE', 'LIMIT', 0, 1)[1]
    if not id then return nil end
    redis.call('ZREM', due_of(endpoint), id)
    if exists(message_key(id)) then return id end
    gone = gone - 1
  end
end

local function take_from(endpoint)
  local id, tenant = first_due(endpoint), endpoint_field(endpoint, 'tenant')
  if not id then return nil end
  redis.call('HINCRBY', message_key(id), 'attempt', 1)
  redis.call('HSET', message_key(id), 'taken_at', now())
  redis.call('HDEL', message_key(id), 'due_at')
  take_off(id, endpoint, tenant, lease_ms)
  space_out(endpoint)
  return {
    redis.call('HMGET', message_key(id), 'id', 'webhook_id', 'type', 'job_id', 'attempt', 'tries', 'body', 'url',
      'traceparent'),
    redis.call('HMGET', endpoint_key(endpoint), 'id', 'tenant', 'url', 'secrets'),
  }
end

local function may_be_taken_from(endpoint)
  local at = next_at(endpoint)
  return at and is_now(at) and tenant_has_room(endpoint_field(endpoint, 'tenant'))
end

local function take_one(endpoint)
  local taken = may_be_taken_from(endpoint) and take_from(endpoint)
  wake(endpoint, taken and last_place()) -- one that was passed over keeps its place, or has none
  return taken
end

reap()
local taken = {}
for _ = 1, 2 * most do
  local endpoint = redis.call('ZRANGE', DUE, '-inf', INSTANT + 1, 'BYSCORE', 'LIMIT', 0, 1)[1]
  if not endpoint or #taken == most or gone == 0 then break end
  taken[#taken + 1] = take_one(endpoint) or nil
end

local following = redis.call('ZRANGE', DUE, 0, 0, 'WITHSCORES')[2]
local leases = redis.call('ZRANGE', FLIGHT, 0, 0, 'WITHSCORES')[2]
local soonest = math.min(tonumber(following or math.huge), tonumber(leases or math.huge))
return {soonest == math.huge and -1 or math.max(0, math.ceil(soonest - INSTANT)), unpack(taken)}
