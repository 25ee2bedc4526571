-- What was done lately, by the minute, in the very step that makes it count. Prepended to every script.
local SAMPLES = 100 -- jobs of a minute whose times are kept: the last ones
local RECENT_SECONDS = 1200

local function minute() return string.format('%d', math.floor(now() / 60000)) end

-- A stage has done its part of a job; `counts` is whether its times say anything.
local function remember_done(id, stage, counts)
  local recent = ROOT .. 'recent:' .. stage .. ':' .. minute()
  local count = redis.call('HINCRBY', recent, 'jobs', 1)
  redis.call('EXPIRE', recent, RECENT_SECONDS)
  if not counts then return end
  local queued_at, claimed_at, waits_since = read(id, 'queued_at', 'claimed_at', 'waits_since')
  local is_first = (waits_since or 0) / 1000 >= tonumber(queued_at) -- else it was queued again, and not handed over
  local handed = is_first and is_handed_on(id, stage) and 1 or 0
  redis.call('HSET', recent, count % SAMPLES, table.concat({claimed_at - queued_at, now() - claimed_at, handed}, ' '))
end

-- A job has ended.
local function remember_end(status, err)
  local ended = ROOT .. 'ended:' .. minute()
  redis.call('HINCRBY', ended, status, 1)
  local code = err:match('"code"%s*:%s*"([%w_]+)"')
  if code then redis.call('HINCRBY', ended, 'code:' .. code, 1) end
  redis.call('EXPIRE', ended, RECENT_SECONDS)
end
