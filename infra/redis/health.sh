#!/bin/sh
# Whether Redis answers and has read its file: while it loads, it says so instead of PONG.
"$(command -v valkey-cli || command -v redis-cli)" --user health --pass none --no-auth-warning ping | grep -q PONG
