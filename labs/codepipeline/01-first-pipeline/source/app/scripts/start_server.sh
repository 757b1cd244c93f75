#!/bin/sh
# Without a place of its own for its output, the server would hold on to the script's, and the event would never end.
set -e
board="${INSTANCE_ROOT}/srv/board"
nohup python3 "$board/server.py" >"${INSTANCE_ROOT}/srv/board.log" 2>&1 </dev/null &
echo $! >"${INSTANCE_ROOT}/srv/board.pid"
