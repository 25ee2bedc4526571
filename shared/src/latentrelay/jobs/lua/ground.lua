-- Prepended to every script: the keys, the clock, and how a record is read.
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

-- The record names its route, such as 'sdxl_base,sdxl_refiner': the stage after `stage`, or nil where it is the last.
local function following(id, stage)
  return (',' .. read(id, 'route') .. ','):match(',' .. stage .. ',([^,]+),')
end

-- Artifacts and inputs as records hold them, in JSON. Only read here: cjson would write a large seed with 14 digits.
local function keys_in(json)
  local keys = {}
  for i, artifact in ipairs(cjson.decode(json)) do keys[i] = artifact.key end
  return keys
end

-- The job or upload whose folder in the store a key lies in.
local function owner_of(key) return key:match('^[^/]+/([^/]+)/') end
