#!/usr/bin/env bash
# Makes the package of a program that is built:   pack.sh PROGRAM TRIPLE STAGE OUT   (OUT is the file to write)
# CARGO_DEB is what to call cargo-deb by, and stage.sh has filled STAGE.
set -euo pipefail
program=$1 triple=$2 stage=$3 out=$4
cd "$(dirname "${BASH_SOURCE[0]}")/.."
prefix=
[ "$(uname -m)" = "${triple%%-*}" ] || prefix=${triple%%-*}-linux-gnu-

# A target folder of its own: cargo-deb takes the program and what is staged from where a release build would be.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
release=$folder/$triple/release
mkdir -p "$release"
cp -r "$stage" "$release/package"
"${prefix}strip" -o "$release/failover" "$program"
read -ra cargo_deb <<< "${CARGO_DEB:?}"
CARGO_TARGET_DIR=$folder "${cargo_deb[@]}" --quiet --no-build --no-strip --locked --offline -p failover-cli --target "$triple" -o "$out"
# Without dpkg-shlibdeps, or where it finds no library, cargo-deb only warns.
dpkg-deb -f "$out" Depends | grep -q 'libc6 (>=.*libudev1' || { echo "the package does not say what it depends on: $out" >&2; exit 1; }
