#!/usr/bin/env bash
# Text to image with curl: examples/generate.sh [FOLDER]
# LATENTRELAY_URL names the gateway, LATENTRELAY_API_KEY the key, where it wants one.
set -euo pipefail

folder=${1:-out}
url=${LATENTRELAY_URL:-http://127.0.0.1:8000}
mkdir -p "$folder"

# the key goes in by a file, since anybody on this machine may read a command line
ask() {
  curl --silent --show-error --fail-with-body \
    --config <(printf 'header = "Authorization: Bearer %s"\n' "${LATENTRELAY_API_KEY:-none}") "$@"
}

# submit: the Location of the answer is where the job is; with the key repeated, the same job is answered
job=$(ask "$url/v1/jobs" --dump-header - --output /dev/stderr \
  --header 'Content-Type: application/json' --header "Idempotency-Key: example-$$-$RANDOM" \
  --data '{"kind": "text_to_image", "prompt": "a lighthouse on a cliff at dawn", "seed": 7}' |
  tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
echo "$job"

# follow: server-sent events, to the job's end
ask --no-buffer "$url$job/events" | sed -n 's/^event: //p'

# fetch: through the gateway; without ?download=inline it answers with a link to the store
ask "$url$job/images/0?download=inline" --output "$folder/lighthouse.png"
echo "$folder/lighthouse.png"
