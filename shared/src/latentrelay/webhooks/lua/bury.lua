-- Set a row of the outbox aside that nobody can read, whole, with a dead letter that tells of it.
-- ARGV: row
-- Returns: whether it was still there (1 or 0)
local row = redis.call('XRANGE', ROOT .. 'outbox', ARGV[1], ARGV[1])[1]
if not row or redis.call('XDEL', ROOT .. 'outbox', row[1]) == 0 then return 0 end
redis.call('XADD', ROOT .. 'unreadable', 'MAXLEN', '~', 10000, '*', unpack(row[2]))
redis.call('XADD', ROOT .. 'dead', 'MAXLEN', '~', 10000, '*', 'what', 'message', 'queue', 'outbox', 'reason', 'unreadable',
  'body', row[1])
redis.call('HINCRBY', ROOT .. 'buried', 'message', 1)
return 1
