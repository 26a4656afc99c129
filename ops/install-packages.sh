#!/bin/sh
# Install Debian packages: as root, or through sudo where it asks no password; otherwise say in one sentence what to install.
# Usage: install-packages.sh PACKAGE...
set -eu

if ! command -v apt-get >/dev/null 2>&1; then
  echo "missing: $* - this machine has no apt-get; install what your system calls them and try again" >&2
  exit 1
elif [ "$(id -u)" = 0 ]; then as_root=""
elif sudo -n true 2>/dev/null; then as_root="sudo -n"
else
  echo "missing: $* - ask somebody who may to run: apt-get install $*" >&2
  exit 1
fi

# dpkg asks policy-rc.d before it starts a service; RUNLEVEL=1 says "not now" where none is in place.
$as_root apt-get update -q
$as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -q --no-install-recommends "$@"
