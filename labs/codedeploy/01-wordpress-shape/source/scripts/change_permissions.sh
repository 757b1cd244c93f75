#!/bin/sh
set -e
chmod 755 "${INSTANCE_ROOT}/var/www/gazette"
