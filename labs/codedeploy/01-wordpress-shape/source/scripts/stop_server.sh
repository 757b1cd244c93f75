#!/bin/sh
# A machine that was restarted has the file and no server: that is no reason to fail.
pid="${INSTANCE_ROOT}/var/run/gazette.pid"
if [ -f "$pid" ]; then
    kill "$(cat "$pid")" 2>/dev/null
    rm "$pid"
    echo "The server was stopped"
fi
exit 0
