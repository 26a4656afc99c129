#!/bin/sh
# Install PostgreSQL and RabbitMQ from Debian's packages where they are missing and we may. Tests start private instances of
# them on private ports; the packages' own services are never started.
set -eu

have_postgres() { ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1; }
have_rabbitmq() { [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ]; }

missing=""
have_postgres || missing="$missing postgresql"
have_rabbitmq || missing="$missing rabbitmq-server"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then as_root=""
elif sudo -n true 2>/dev/null; then as_root="sudo -n"
else
  echo "missing:$missing - tests that need them cannot run; install them with: apt-get install$missing" >&2
  exit 0
fi

# dpkg asks policy-rc.d before it starts a service; RUNLEVEL=1 says "not now" where none is in place.
$as_root apt-get update -q
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -q --no-install-recommends $missing
