#!/bin/sh
# env.sh [FILE]: writes .env, or FILE, with secrets of its own, drawn here and shown nowhere. What is there stays.
set -eu
cd "$(dirname "$0")/../.."
file=${1:-.env}
if [ -e "$file" ]; then echo "$file is there already, and stays as it is"; exit 0; fi

draw() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }  # draw BYTES: in hexadecimal, which URLs take as it is

umask 077
sed -n 's/^# \([A-Z0-9_]*\(_PASSWORD\|_SECRET\)\)=$/\1/p' .env.example | while read -r name; do
    echo "$name=$(draw 24)"
done > "$file.new"
echo "LATENTRELAY_WEBHOOK_KEY=$(draw 32)" >> "$file.new"
echo "LATENTRELAY_API_KEY=lr_$(draw 8)_$(draw 32)" >> "$file.new"
mv "$file.new" "$file"
echo "$file has secrets of its own now; what else may stand there: .env.example"
