-- Let messages be due now, with all their tries before them.
-- ARGV: whether those that were delivered or dropped as well ('1' or ''), ids
-- Returns: {how many are due now, how many are under way}
local every = ARGV[1]
local due, under_way = 0, 0
for i = 2, #ARGV do
  local id = ARGV[i]
  local endpoint, tenant, status = message_field(id, 'endpoint'), message_field(id, 'tenant'), message_field(id, 'status')
  if exists(endpoint_key(endpoint)) and (every == '1' or status == 'pending' or status == 'failed') then
    if redis.call('ZSCORE', FLIGHT, in_flight(id, endpoint, tenant)) then
      under_way = under_way + 1
    else
      redis.call('HSET', message_key(id), 'status', 'pending', 'tries', 0)
      redis.call('HDEL', message_key(id), 'ended_at')
      put_due(id, endpoint, now())
      due = due + 1
    end
  end
end
return {due, under_way}
