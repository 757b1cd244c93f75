#!/bin/sh
# The server needs a moment: ask until it answers, and give up after ten seconds.
python3 - "http://localhost:${PORT:-80}/" <<'PYTHON'
import sys, time, urllib.request
for _ in range(100):
    try:
        with urllib.request.urlopen(sys.argv[1]) as answer:
            print("The board answers with", answer.status)
            sys.exit(0)
    except OSError:
        time.sleep(0.1)
sys.exit("The board does not answer")
PYTHON
