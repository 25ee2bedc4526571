#!/bin/sh
# Makes the users of MinIO, each with the one policy of its name; again, it sets what has changed.
set -eu
export MC_HOST_store="http://$MINIO_ROOT_USER:$MINIO_ROOT_PASSWORD@store:9000"

user() {  # user NAME SECRET
    mc admin policy create store "$1" "/etc/latentrelay/policies/$1.json"
    printf '%s\n%s\n' "$1" "$2" | mc admin user add store  # on no command line
    case $(mc admin user info store "$1") in
        *"PolicyName: $1"*) ;;
        *) mc admin policy attach store "$1" --user "$1" ;;
    esac
}

user gateway "$S3_GATEWAY_SECRET"
user worker "$S3_WORKER_SECRET"
