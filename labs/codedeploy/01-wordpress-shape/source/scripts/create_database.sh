#!/bin/sh
# What a script makes is never removed by CodeDeploy, so the readings outlive every deployment.
set -e
folder="${INSTANCE_ROOT}/var/lib/gazette"
mkdir -p "$folder"
python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute(
    "CREATE TABLE IF NOT EXISTS reads (page TEXT PRIMARY KEY, times INTEGER)")' "$folder/reads.db"
echo "The database is ready"
