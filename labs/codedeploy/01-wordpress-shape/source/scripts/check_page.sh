#!/bin/sh
# The server needs a moment: ask until it answers, and give up after ten seconds. A front page is what readers want.
python3 - "http://localhost:${PORT:-80}/front" <<'PYTHON'
import sys, time, urllib.error, urllib.request
for _ in range(100):
    try:
        with urllib.request.urlopen(sys.argv[1]) as answer:
            print("The gazette answers with", answer.status)
            sys.exit(0)
    except urllib.error.HTTPError as error:
        sys.exit(f"The gazette answers with {error.code}")
    except OSError:
        time.sleep(0.1)
sys.exit("The gazette does not answer")
PYTHON
