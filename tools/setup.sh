#!/usr/bin/env bash
# Makes .venv with everything the course needs, and says what it does. `make` calls it when the stamp is out of date.
set -euo pipefail
cd "$(dirname "$0")/.."

fits='import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'

find_python() {
    local candidate
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        # A version manager's placeholder is there and does not run: try, don't look.
        if "$candidate" -c "$fits" >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
    done
    echo "No Python 3.11, 3.12 or 3.13 with its venv module was found: install one (Debian, Ubuntu: apt-get install python3 python3-venv) or name one: make setup PYTHON=/path/to/python3." >&2
    return 1
}

show_progress() {
    local line number=0
    while IFS= read -r line; do
        case $line in Collecting* | Processing*) number=$((number + 1)) ;; *) continue ;; esac
        if [ -t 1 ]; then printf '\r  %d packages found' "$number"; fi
    done
    if [ -t 1 ] && [ "$number" -gt 0 ]; then echo; fi
}

# A virtual environment that was moved or copied does not work: its programs hold the place where it was made.
if ! grep -qsF " $PWD/.venv" .venv/pyvenv.cfg || ! .venv/bin/python -c "$fits" >/dev/null 2>&1; then
    python=$(find_python)
    echo "Making .venv with $("$python" --version) …"
    "$python" -m venv --clear .venv
fi
rm -f .venv/.ready
echo "Installing what requirements.txt lists; the first time this takes some minutes …"
.venv/bin/python -m pip install --disable-pip-version-check --progress-bar off --use-pep517 -r requirements.txt | show_progress
.venv/bin/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e .
.venv/bin/python -c 'from cicdlab.lab import kernel; kernel.install()'
echo "$PWD" >.venv/.ready
echo "Set up: .venv"
