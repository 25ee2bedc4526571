#!/bin/sh
# Prints the file of Redis' users: a password for each service in REDIS_<USER>_PASSWORD, its rights in users/.
# Only hashes are printed. The health check needs no password and may do nothing but PING.
set -eu
cd "$(dirname "$0")/users"

user() {  # user NAME PASSWORD RIGHTS...: a line
    name=$1 hash=$(printf %s "$2" | sha256sum | cut -c1-64)
    shift 2
    echo "user $name on #$hash resetkeys resetchannels -@all $(cat "$@" | sed '/^#/d' | tr '\n' ' ')"
}

echo "user default off"
echo "user health on nopass resetkeys resetchannels -@all +ping"
user gateway "${REDIS_GATEWAY_PASSWORD:?}" client.acl jobs.acl webhooks.acl gateway.acl
user worker "${REDIS_WORKER_PASSWORD:?}" client.acl jobs.acl worker.acl
user webhooks "${REDIS_WEBHOOKS_PASSWORD:?}" client.acl webhooks.acl
user operator "${REDIS_OPERATOR_PASSWORD:?}" client.acl operator.acl
