-- How messages wait for their endpoints. Prepended to every script of the webhooks, after the ground.
-- due:{endpoint} holds its messages by when the next attempt is due; `due` the endpoints by when the next may be sent
-- one; flight the messages under way by when their lease ends.
local OF_ENDPOINT, OF_TENANT = 4, 16 -- under way at once
local ATTEMPTS = 20 -- of a message, that are remembered
local REAPED = 100 -- at once: a script must be short
local DUE, FLIGHT = ROOT .. 'due', ROOT .. 'flight'

local function endpoint_key(id) return ROOT .. 'endpoint:' .. id end
local function message_key(id) return ROOT .. 'message:' .. id end
local function due_of(endpoint) return ROOT .. 'due:' .. endpoint end
local function flight_of(endpoint) return ROOT .. 'flight:' .. endpoint end
local function flight_of_tenant(tenant) return ROOT .. 'flight-of:' .. tenant end
local function parked_of(tenant) return ROOT .. 'parked:' .. tenant end

local function endpoint_field(id, name) return redis.call('HGET', endpoint_key(id), name) or '' end
local function message_field(id, name) return redis.call('HGET', message_key(id), name) or '' end
local function number_of(id, name) return tonumber(endpoint_field(id, name)) or 0 end
local function exists(key) return redis.call('EXISTS', key) == 1 end

-- An endpoint whose circuit was opened tries with one message whether it is well again.
local function has_room(endpoint)
  local most = number_of(endpoint, 'opened') > 0 and 1 or OF_ENDPOINT
  return redis.call('SCARD', flight_of(endpoint)) < most
end

local function tenant_has_room(tenant) return redis.call('SCARD', flight_of_tenant(tenant)) < OF_TENANT end

-- When an endpoint may be sent its next message, in ms; nil: not before something else happens.
local function next_at(endpoint)
  local first = redis.call('ZRANGE', due_of(endpoint), 0, 0, 'WITHSCORES')[2]
  if not first or endpoint_field(endpoint, 'enabled') ~= '1' or not has_room(endpoint) then return nil end
  local tenant = endpoint_field(endpoint, 'tenant')
  if not tenant_has_room(tenant) then
    redis.call('SADD', parked_of(tenant), endpoint)
    return nil
  end
  return math.max(tonumber(first), number_of(endpoint, 'spared_until'), number_of(endpoint, 'spaced_until'))
end

-- Put an endpoint where it belongs; one that is due already keeps its place among those.
local function wake(endpoint)
  local at = next_at(endpoint)
  if not at then return redis.call('ZREM', DUE, endpoint) end
  local place = tonumber(redis.call('ZSCORE', DUE, endpoint) or math.huge)
  if at > now() or place > now() then
    redis.call('ZADD', DUE, string.format('%.3f', math.max(at, microseconds() / 1000)), endpoint)
  end
end

local function unpark(tenant)
  local parked = redis.call('SMEMBERS', parked_of(tenant))
  redis.call('DEL', parked_of(tenant))
  for _, endpoint in ipairs(parked) do wake(endpoint) end
end

local function put_due(id, endpoint, at)
  redis.call('ZADD', due_of(endpoint), at, id)
  redis.call('HSET', message_key(id), 'due_at', at)
  wake(endpoint)
end

local function no_longer_due(id, endpoint)
  redis.call('ZREM', due_of(endpoint), id)
  redis.call('HDEL', message_key(id), 'due_at')
  wake(endpoint)
end

local function in_flight(id, endpoint, tenant) return table.concat({id, endpoint, tenant}, ' ') end

local function take_off(id, endpoint, tenant, lease_ms)
  redis.call('ZADD', FLIGHT, now() + lease_ms, in_flight(id, endpoint, tenant))
  redis.call('SADD', flight_of(endpoint), id)
  redis.call('SADD', flight_of_tenant(tenant), id)
end

-- Its endpoint and its tenant have room for another. Where the message is due again, it is put there first.
local function land(id, endpoint, tenant)
  redis.call('ZREM', FLIGHT, in_flight(id, endpoint, tenant))
  redis.call('SREM', flight_of(endpoint), id)
  redis.call('SREM', flight_of_tenant(tenant), id)
  wake(endpoint)
  unpark(tenant)
end

local function log_attempt(id, number, told)
  redis.call('HSET', message_key(id), 'attempt:' .. string.format('%d', number), told)
  redis.call('HDEL', message_key(id), 'attempt:' .. string.format('%d', number - ATTEMPTS))
end

-- Messages whose sender was lost, whether they arrived or not: at least once.
local function reap()
  for _, key in ipairs(redis.call('ZRANGE', FLIGHT, '-inf', now(), 'BYSCORE', 'LIMIT', 0, REAPED)) do
    local id, endpoint, tenant = key:match('^([^ ]+) ([^ ]+) ([^ ]+)$')
    if exists(message_key(id)) then
      local number = tonumber(message_field(id, 'attempt'))
      log_attempt(id, number, string.format('{"number":%d,"started_at":%d,"outcome":"lost"}', number,
        tonumber(message_field(id, 'taken_at'))))
      if message_field(id, 'status') == 'pending' then put_due(id, endpoint, now()) end
    end
    land(id, endpoint, tenant)
  end
end
