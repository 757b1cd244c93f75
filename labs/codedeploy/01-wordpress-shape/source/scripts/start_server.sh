#!/bin/sh
# Without a place of its own for its output, the server would hold on to the script's, and the event would never end.
set -e
export GAZETTE_DATABASE="${INSTANCE_ROOT}/var/lib/gazette/reads.db"
mkdir -p "${INSTANCE_ROOT}/var/run"
nohup python3 "${INSTANCE_ROOT}/var/www/gazette/server.py" >"${INSTANCE_ROOT}/var/lib/gazette/server.log" 2>&1 </dev/null &
echo $! >"${INSTANCE_ROOT}/var/run/gazette.pid"
echo "The server was started"
