-- What happens to all jobs, for those who watch more than one: a stream of all, and one of each tenant. Prepended to
-- every script. It is thin and short: who falls behind lists the jobs again.
local FEED, FEED_OF_TENANT = 10000, 1000 -- entries that are kept, or a few more
local FEED_SECONDS = 3600 -- that a tenant's is kept without anything new
local FEED_PROGRESS_MS = 2000 -- the progress of one job is told no more often

local function is_fed(id, type, at, fed_at)
  if type ~= 'job.progress' then return true end
  if at - (fed_at or 0) < FEED_PROGRESS_MS then return false end
  redis.call('HSET', job_key(id), 'fed_at', at)
  return true
end

local function feed(tenant, ...)
  local own = ROOT .. 'feed:' .. tenant
  redis.call('XADD', ROOT .. 'feed', 'MAXLEN', '~', FEED, '*', ...)
  redis.call('XADD', own, 'MAXLEN', '~', FEED_OF_TENANT, '*', ...)
  redis.call('EXPIRE', own, FEED_SECONDS)
end
