-- Let members go that no live job stands behind: owners of jobs that they do not hold, and jobs in `live` or `refs` that
-- have ended or have no record.
-- ARGV: key, then for `owners` its fields, else its members
-- Returns: how many went
local key, swept = ARGV[1], 0

local function is_live(id)
  local status = read(id, 'status')
  return status and not is_terminal(status)
end

for i = 2, #ARGV do
  local member = ARGV[i]
  if key == ROOT .. 'owners' then
    local id = redis.call('HGET', key, member)
    if id and read(id, 'owner') ~= member then swept = swept + redis.call('HDEL', key, member) end
  elseif not is_live(member) then
    swept = swept + redis.call('SREM', key, member)
  end
end
return swept
