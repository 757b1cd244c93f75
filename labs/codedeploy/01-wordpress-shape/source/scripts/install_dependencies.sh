#!/bin/sh
# On a new machine this would install Python and SQLite; here it makes sure that they are there.
set -e
python3 -c 'import http.server, sqlite3'
echo "Python and SQLite are there"
