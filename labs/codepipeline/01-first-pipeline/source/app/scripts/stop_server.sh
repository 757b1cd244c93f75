#!/bin/sh
# A machine that was restarted has the file and no server: that is no reason to fail.
pid="${INSTANCE_ROOT}/srv/board.pid"
if [ -f "$pid" ]; then
    kill "$(cat "$pid")" 2>/dev/null
    rm "$pid"
fi
exit 0
