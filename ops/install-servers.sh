#!/bin/sh
# Install PostgreSQL, RabbitMQ, Chromium and what the guides are walked through with from Debian's packages where they are missing.
# Tests start private instances of the servers on private ports; the packages' own services are never started.
set -eu

have_postgres() { ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1; }
have_rabbitmq() { [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ]; }
have_chromium() { command -v chromium >/dev/null && command -v chromedriver >/dev/null; }

set --
have_postgres || set -- "$@" postgresql
have_rabbitmq || set -- "$@" rabbitmq-server
have_chromium || set -- "$@" chromium chromium-driver
for tool in curl jq; do
  command -v "$tool" >/dev/null || set -- "$@" "$tool"
done
[ $# = 0 ] || exec sh "$(dirname "$0")/install-packages.sh" "$@"
