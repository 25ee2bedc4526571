#!/bin/sh
# Starts SeaweedFS, all its parts in one process: S3 is reached from the network, its other parts from this container.
set -eu
sh "$(dirname "$0")/identities.sh" > /tmp/identities.json
unset MINIO_ROOT_PASSWORD S3_GATEWAY_SECRET S3_WORKER_SECRET
exec weed -logtostderr=true server -dir=/store -ip=127.0.0.1 -ip.bind=127.0.0.1 -filer -master.peers=none \
    -master.telemetry=false -volume.max=1000 -master.volumeSizeLimitMB=1024 \
    -s3 -s3.port=9000 -s3.ip.bind=0.0.0.0 -s3.config=/tmp/identities.json -s3.iam=false \
    -s3.port.iceberg=0 -s3.port.lance=0
