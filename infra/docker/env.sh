#!/bin/sh
# Writes .env with secrets of its own, drawn here and shown nowhere. One that is there stays as it is.
set -eu
cd "$(dirname "$0")/../.."
if [ -e .env ]; then echo ".env is there already, and stays as it is"; exit 0; fi

draw() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }  # draw BYTES: in hexadecimal, which URLs take as it is

umask 077
sed -n 's/^# \([A-Z0-9_]*\(_PASSWORD\|_SECRET\)\)=$/\1/p' .env.example | while read -r name; do
    echo "$name=$(draw 24)"
done > .env.new
echo "LATENTRELAY_WEBHOOK_KEY=$(draw 32)" >> .env.new
echo "LATENTRELAY_API_KEY=lr_$(draw 8)_$(draw 32)" >> .env.new
mv .env.new .env
echo ".env has secrets of its own now; what else may stand there: .env.example"
