#!/bin/bash
# Runs the program of another architecture, which lies in /try/other, as that machine would: with its own libraries.
set -euo pipefail
arch=$1
declare -A qemu=([arm64]=qemu-aarch64-static [amd64]=qemu-x86_64-static)
export HOME=/tmp
run() { "${qemu[$arch]}" /try/other/usr/bin/failover "$@"; }
[ "$(run --version 2>/dev/null)" = "failover $(sed -n 's/^Version: \(.*\)-1$/\1/p' /try/other.control)" ]
run drill > /tmp/drill 2>&1
grep -q 'no position signed twice' /tmp/drill
run report drill --html /tmp/f.html > /dev/null 2>&1
grep -q '</html>' /tmp/f.html
run --config /try/other/usr/share/doc/failover/examples/config.toml config check > /dev/null 2>&1
echo "PASS $arch: the program runs a drill and draws its report"
