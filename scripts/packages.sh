#!/usr/bin/env bash
# Installs Debian packages: scripts/packages.sh PACKAGE... The one way in which these scripts do. Without any it only updates
# the package lists. Asks for nothing, and uses sudo only where this user is not root.
set -euo pipefail

say() { echo "packages: $*" >&2; }
stop() { say "$*"; exit 1; }

command -v apt-get >/dev/null || stop "this machine has no apt-get. Install by hand what these Debian packages hold: $*"
root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || stop "as root, run: apt-get install $*"
    root=(sudo)
    say "sudo is needed to install: $*"
fi
[ $# -eq 0 ] || say "installing $*"
apt=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq)
"${apt[@]}" update || say "the package lists could not be updated; trying with the old ones"
[ $# -eq 0 ] || "${apt[@]}" install -y --no-install-recommends "$@" >/dev/null || stop "the packages could not be installed: $*"
