#!/bin/sh
# env.sh [FILE]: writes into .env, or FILE, the secrets that it lacks, drawn here and shown nowhere. What is there stays.
set -eu
cd "$(dirname "$0")/../.."
file=${1:-.env}

draw() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }  # draw BYTES: in hexadecimal, which URLs take as it is
add() { grep -qs "^$1=" "$file" || echo "$1=$2" >> "$file"; }  # add NAME VALUE

umask 077
touch "$file" && chmod 600 "$file"
[ -z "$(tail -c 1 "$file")" ] || echo >> "$file"  # a last line that was not ended
for name in $(sed -n 's/^# \([A-Z0-9_]*\(_PASSWORD\|_SECRET\)\)=$/\1/p' .env.example); do
    add "$name" "$(draw 24)"
done
add WEBHOOK_KEY "$(draw 32)"
add FIRST_API_KEY "lr_$(draw 8)_$(draw 32)"
echo "$file has secrets of its own; what else may stand there: .env.example"
