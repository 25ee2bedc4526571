-- How messages wait for their endpoints. Prepended to every script of the webhooks, after the ground.
-- due:{endpoint} holds its messages by when the next attempt is due; `due` the endpoints by when the next may be sent
-- one; parked:{tenant} those that wait for their tenant; flight the messages under way by when their lease ends.
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

local INSTANT = microseconds() / 1000 -- the clock stands still while a script runs
local turns = 0

-- A place behind all that could be sent something already, and behind those that this script gave out.
local function last_place()
  turns = turns + 1
  return INSTANT + turns / 1000
end

local function is_now(place) return place <= INSTANT + 1 end

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
  return math.max(tonumber(first), number_of(endpoint, 'spared_until'), number_of(endpoint, 'asked_until'),
    number_of(endpoint, 'spaced_until'))
end

local function put(set, endpoint, place) redis.call('ZADD', set, string.format('%.3f', place), endpoint) end

-- Put an endpoint where it belongs: by `place`, the place that it has, or the last one. Where its tenant has enough
-- under way, the place is kept for it.
local function wake(endpoint, place)
  local at, tenant = next_at(endpoint), endpoint_field(endpoint, 'tenant')
  local held = redis.call('ZSCORE', DUE, endpoint) or redis.call('ZSCORE', parked_of(tenant), endpoint)
  redis.call('ZREM', DUE, endpoint)
  redis.call('ZREM', parked_of(tenant), endpoint)
  if not at then return end
  if not is_now(at) then return put(DUE, endpoint, at) end
  held = held and is_now(tonumber(held)) and tonumber(held)
  put(tenant_has_room(tenant) and DUE or parked_of(tenant), endpoint, place or held or last_place())
end

local function unpark(tenant)
  for _, endpoint in ipairs(redis.call('ZRANGE', parked_of(tenant), 0, -1)) do wake(endpoint) end
end

-- A set of messages lives no shorter than they do.
local function keep_as_long_as(id, set)
  local left = redis.call('PTTL', message_key(id))
  if redis.call('PTTL', set) < left then redis.call('PEXPIRE', set, left) end
end

-- Of messages that are due in the same millisecond, the one that was put there first goes first.
local function put_due(id, endpoint, at)
  redis.call('ZADD', due_of(endpoint), string.format('%.3f', at), id)
  keep_as_long_as(id, due_of(endpoint))
  redis.call('HSET', message_key(id), 'due_at', string.format('%d', at))
  wake(endpoint)
end

local function in_flight(id, endpoint, tenant) return table.concat({id, endpoint, tenant}, ' ') end

local function take_off(id, endpoint, tenant, lease_ms)
  redis.call('ZADD', FLIGHT, now() + lease_ms, in_flight(id, endpoint, tenant))
  redis.call('SADD', flight_of(endpoint), id)
  redis.call('SADD', flight_of_tenant(tenant), id)
end

-- Whether it was under way; it is no longer. First of all that a script does: what takes nothing away is refused by a
-- server whose memory is full, unless something was taken away before.
local function land(id, endpoint, tenant)
  if redis.call('ZREM', FLIGHT, in_flight(id, endpoint, tenant)) == 0 then return false end
  redis.call('SREM', flight_of(endpoint), id)
  redis.call('SREM', flight_of_tenant(tenant), id)
  return true
end

-- Its endpoint and its tenant have room for another.
local function make_room(endpoint, tenant)
  wake(endpoint)
  unpark(tenant)
end

local function log_attempt(id, number, told)
  redis.call('HSET', message_key(id), 'attempt:' .. string.format('%d', number), told)
  redis.call('HDEL', message_key(id), 'attempt:' .. string.format('%d', number - ATTEMPTS))
end

-- How it ended, and when, unless somebody sends it again.
local function end_message(id, status)
  redis.call('HSET', message_key(id), 'status', status, 'ended_at', now())
end

-- Due again; dropped, where its endpoint was removed meanwhile.
local function put_back(id, endpoint, at)
  if exists(endpoint_key(endpoint)) then return put_due(id, endpoint, at) end
  end_message(id, 'dropped')
end

-- Messages whose sender was lost, whether they arrived or not: at least once.
local function reap()
  for _, key in ipairs(redis.call('ZRANGE', FLIGHT, '-inf', now(), 'BYSCORE', 'LIMIT', 0, REAPED)) do
    local id, endpoint, tenant = key:match('^([^ ]+) ([^ ]+) ([^ ]+)$')
    land(id, endpoint, tenant)
    if exists(message_key(id)) then
      local number = tonumber(message_field(id, 'attempt'))
      log_attempt(id, number, string.format('{"number":%d,"started_at":%d,"outcome":"lost"}', number,
        tonumber(message_field(id, 'taken_at'))))
      if message_field(id, 'status') == 'pending' then put_back(id, endpoint, now()) end
    end
    make_room(endpoint, tenant)
  end
end
