#!/bin/sh
# Prints what Redis holds now, all of one moment, as a file that restore.sh takes. Run it where Redis runs; users go on.
set -eu
export REDISCLI_AUTH="${REDIS_OPERATOR_PASSWORD:?}"
ask() { "$(command -v valkey-cli || command -v redis-cli)" --user operator "$@"; }

failed() { echo "Redis does not save: $1" >&2; exit 1; }

answer=$(ask bgsave)
[ "$answer" = "Background saving started" ] || failed "$answer"
while ask info persistence | grep -q rdb_bgsave_in_progress:1; do sleep 1; done
ask info persistence | grep -q rdb_last_bgsave_status:ok || failed "its log tells why"
cat "${DATA:-/data}/dump.rdb"
