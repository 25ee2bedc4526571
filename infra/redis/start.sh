#!/bin/sh
# Starts Valkey, or Redis, with a user for each service; their passwords go no further than this process.
set -eu
here=$(dirname "$0")
sh "$here/users.sh" > /tmp/users.acl
unset REDIS_GATEWAY_PASSWORD REDIS_WORKER_PASSWORD REDIS_WEBHOOKS_PASSWORD REDIS_OPERATOR_PASSWORD
exec "$(command -v valkey-server || command -v redis-server)" "$here/redis.conf" --aclfile /tmp/users.acl \
    --maxmemory "${REDIS_MAXMEMORY:?}"
