#!/bin/sh
# Prints the users of SeaweedFS: the administrator, and the services with the policies that MinIO's have too.
set -eu
policies=${POLICIES:-$(dirname "$0")/../minio/policies}

credentials() { echo "\"credentials\": [{\"accessKey\": \"$1\", \"secretKey\": \"$2\"}]"; }
user() { echo "{\"name\": \"$1\", $(credentials "$1" "$2"), \"policyNames\": [\"$1\"]}"; }
policy() { echo "{\"name\": \"$1\", \"content\": \"$(tr -d '\n' < "$policies/$1.json" | sed 's/"/\\"/g')\"}"; }

cat <<JSON
{
  "identities": [
    {"name": "root", $(credentials root "${MINIO_ROOT_PASSWORD:?}"), "actions": ["Admin", "Read", "Write", "List", "Tagging"]},
    $(user gateway "${S3_GATEWAY_SECRET:?}"),
    $(user worker "${S3_WORKER_SECRET:?}")
  ],
  "policies": [$(policy gateway), $(policy worker)]
}
JSON
