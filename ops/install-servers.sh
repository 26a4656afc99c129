#!/bin/sh
# Install PostgreSQL and RabbitMQ from Debian's packages where they are missing. Tests start private instances of them on private
# ports; the packages' own services are never started.
set -eu

have_postgres() { ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1; }
have_rabbitmq() { [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ]; }

set --
have_postgres || set -- "$@" postgresql
have_rabbitmq || set -- "$@" rabbitmq-server
[ $# = 0 ] || exec sh "$(dirname "$0")/install-packages.sh" "$@"
