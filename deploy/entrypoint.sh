#!/bin/sh
# What a container starts: `lastseat` with the arguments given. A database of our own is stopped after it, since
# whatever is left when the container's first process ends is killed, and would have to recover at the next start.
set -eu

if [ -n "${LASTSEAT_DATABASE_URL:-}" ] || { [ "${1:-}" != serve ] && [ "${1:-}" != worker ]; }; then
    exec lastseat "$@"
fi

lastseat "$@" &
service=$!
trap 'kill -TERM "$service" 2>/dev/null || true' TERM INT
code=0
# A signal ends `wait` before the service has ended: wait again until it has.
while true; do
    wait "$service" && code=0 || code=$?
    kill -0 "$service" 2>/dev/null || break
done
trap '' TERM INT
lastseat db stop
exit "$code"
