-- Prepended to every script: the keys, the clock, and how a record is read.
local ROOT = 'latentrelay:'

local function microseconds()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end

local function now() return math.floor(microseconds() / 1000) end

local function job_key(id) return ROOT .. 'job:' .. id end

-- How a record that is not whole is read: it must not stop a script that serves all the others.
local ABSENT = {
  tenant = 'default', route = '', stage = '', priority = '1', inputs = '[]', artifacts = '[]', owner = '', attempt = '1',
  first_attempt = '1', sequence = '0', created_at = '0', deadline = 'inf',
}

local function read(id, ...)
  local values = redis.call('HMGET', job_key(id), ...)
  for i, name in ipairs({...}) do values[i] = values[i] or ABSENT[name] or false end
  return unpack(values)
end

local function is_terminal(status)
  return status == 'succeeded' or status == 'failed' or status == 'canceled' or status == 'expired'
end

-- The record names its route, such as 'sdxl_base,sdxl_refiner': the stage after `stage`, or nil where it is the last.
local function following(id, stage)
  return (',' .. read(id, 'route') .. ','):match(',' .. stage .. ',([^,]+),')
end

-- Every key in artifacts or inputs as records hold them, in JSON, with its owner: the job or upload whose folder in the
-- store it lies in.
local function each_key(json) return json:gmatch('"key"%s*:%s*"([^"/]+/([^"/]+)/[^"]*)"') end
