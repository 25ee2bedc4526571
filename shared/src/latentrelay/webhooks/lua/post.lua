-- Turn a row of the outbox into messages, one for each endpoint that is to be told. Whoever removes the row does it.
-- ARGV: row or '', webhook id, tenant, event, type, job id, endpoint or '' for those who subscribed, URL or '' for the
--   endpoint's own, origin where the endpoint need not be registered or '', body, traceparent or '', ms that this message is
--   kept, ms that messages are kept
-- Returns: the ids of the messages; nothing where the row was removed already
local row, webhook_id, tenant, event, type, job_id, to, url, origin, body, traceparent, life_ms, kept_ms =
  unpack(ARGV)
local created_at = now()

local function index(key, id)
  redis.call('ZADD', key, created_at, id)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', created_at - kept_ms)
  redis.call('PEXPIRE', key, kept_ms)
end

-- The endpoint of an origin that nobody registered: it has a queue and a circuit as every other.
local function know_origin()
  local known = endpoint_key(to)
  redis.call('HSETNX', known, 'enabled', 1)
  redis.call('HSETNX', known, 'created_at', created_at)
  redis.call('HSET', known, 'id', to, 'tenant', tenant, 'url', origin, 'is_origin', 1)
  redis.call('PEXPIRE', known, 2 * kept_ms)
  redis.call('ZADD', ROOT .. 'endpoints', 'NX', created_at, to)
end

-- What is soon worthless does not wait for an endpoint that is sent nothing now, and is not listed.
local is_passing = tonumber(life_ms) < tonumber(kept_ms)

local function is_well(endpoint) return endpoint_field(endpoint, 'enabled') == '1' and number_of(endpoint, 'opened') == 0 end

local function list(id, endpoint)
  index(ROOT .. 'messages', id)
  index(ROOT .. 'messages:' .. tenant, id)
  index(ROOT .. 'messages-to:' .. endpoint, id)
  if job_id ~= '' then index(ROOT .. 'messages-of:' .. job_id, id) end
end

local function post(endpoint)
  local id = webhook_id .. '_' .. endpoint
  if exists(message_key(id)) or not exists(endpoint_key(endpoint)) then return nil end
  if is_passing and not is_well(endpoint) then return nil end
  redis.call('HSET', message_key(id), 'id', id, 'webhook_id', webhook_id, 'endpoint', endpoint, 'tenant', tenant, 'type',
    type, 'job_id', job_id, 'status', 'pending', 'attempt', 0, 'tries', 0, 'created_at', created_at, 'body', body, 'url', url,
    'traceparent', traceparent)
  redis.call('PEXPIRE', message_key(id), life_ms)
  if not is_passing then list(id, endpoint) end
  -- messages of an endpoint that is sent nothing are forgotten one by one
  redis.call('ZREMRANGEBYSCORE', due_of(endpoint), '-inf', created_at - kept_ms)
  put_due(id, endpoint, INSTANT)
  return id
end

if row ~= '' and redis.call('XDEL', ROOT .. 'outbox', row) == 0 then return false end
if origin ~= '' then know_origin() end
local posted = {}
for _, endpoint in ipairs(to ~= '' and {to} or redis.call('SMEMBERS', ROOT .. 'subscribed:' .. tenant .. ':' .. event)) do
  posted[#posted + 1] = post(endpoint)
end
return posted
