#!/usr/bin/env bash
# Tries the package in bare roots of Debian 12 and 13, without a network: installed, used, upgraded, removed, purged. Needs
# what scripts/deb.sh needs.
#   scripts/deb-test.sh          the packages of a release build, made anew; in use under systemd 252 and 257, too
#   scripts/deb-test.sh quick    the program that is built for the tests, in the root of systemd 252 that scripts/systemd.sh made
#   scripts/deb-test.sh possible [quick]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/deb-roots.sh
. scripts/deb-roots.sh

quick_root=$PWD/.cache/systemd/252/root
case "${1:-} ${2:-}" in
    'possible quick')
        possible && [ -d "$quick_root" ] || exit 1
        # A program that is built here runs there only where this machine's libraries are not newer.
        here=$(getconf GNU_LIBC_VERSION) there=$("${root[@]}" chroot "$quick_root" getconf GNU_LIBC_VERSION)
        [ "$(printf '%s\n' "$here" "$there" | sort -V | tail -n 1)" = "$there" ]
        exit
        ;;
    possible*) possible; exit ;;
esac
possible || stop 'this needs Debian or Ubuntu on amd64 or arm64, root or sudo, and leave to make mount namespaces'

work=$(mktemp -d)
trap '"${root[@]}" rm -rf --one-file-system "$work"' EXIT
native=$(dpkg --print-architecture)

# The same with a higher version.
newer() {
    dpkg-deb -R "$1" "$work/newer"
    sed -i 's/^Version: .*/&.1/' "$work/newer/DEBIAN/control"
    dpkg-deb --root-owner-group -Zgzip -b "$work/newer" "$work/try/newer.deb" >/dev/null
    rm -rf "$work/newer"
}

# try_in ROOT WORDS: in a copy of it.
count=0
try_in() {
    "${root[@]}" cp -a --reflink=auto "$1" "$work/root"
    inside "$work/root" "$work/try:/try:ro" -- env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb \
        /try/try.sh /try/failover.deb /try/newer.deb > "$work/log" 2>&1 \
        || { sed "s/^/deb: $2: /" "$work/log" >&2; stop "FAILED in $2"; }
    sed "s/^PASS/PASS $2:/" "$work/log"
    count=$((count + $(grep -c '^PASS ' "$work/log")))
    "${root[@]}" rm -rf --one-file-system "$work/root"
}

# booted VERSION: in use, on a machine of e2e/systemd.
booted() {
    local proof=$work/proof log=$work/booted
    rm -rf "$proof"
    # The quick form makes no root of its own.
    mkdir -p "$cache"
    cp -r e2e/systemd "$proof"
    rm -r "${proof:?}/bin" "${proof:?}/boots"
    cp -r packaging/boots "$work"/try/{failover,newer}.deb "$proof/"
    : > "$log"
    "${root[@]}" e2e/systemd/machine.sh "$PWD/.cache/systemd/$1/root" "$cache/booted-$1" "$proof" "$log" "${SYSTEMD_DEADLINE:-300}" \
        </dev/null || { sed "s/^/deb: $1: /" "$log" >&2; stop "FAILED under systemd $1"; }
    grep -a '^PASS ' "$log" | sed "s/^PASS/PASS systemd $1:/"
    count=$((count + $(grep -ac '^PASS ' "$log")))
}

mkdir "$work/try"
cp packaging/{try,other}.sh "$work/try/"
chmod 755 "$work"
if [ "${1:-}" = quick ]; then
    cargo_deb
    command -v dpkg-shlibdeps >/dev/null || scripts/packages.sh dpkg-dev
    cargo build --quiet --locked -p failover-cli
    program=${CARGO_TARGET_DIR:-target}/debug/failover
    SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
    export SOURCE_DATE_EPOCH CARGO_DEB="$PWD/.tools/bin/cargo-deb deb --fast"
    packaging/stage.sh "$program" "$work/stage"
    packaging/pack.sh "$program" "$(rustc -vV | sed -n 's/^host: //p')" "$work/stage" "$work/try/failover.deb"
    newer "$work/try/failover.deb"
    try_in "$quick_root" bookworm
    booted 252
else
    scripts/deb.sh > "$work/packages"
    package=$(grep "_$native.deb$" "$work/packages")
    cp "$package" "$work/try/failover.deb"
    newer "$package"
    # The older udev has no `verify`.
    for made in 'bare bookworm' 'bare trixie' 'machine trixie'; do
        read -r kind suite <<< "$made"
        root_of "$kind-$suite" "$kind" "$suite" "$archive"
        try_in "$cache/$kind-$suite" "$made"
    done
    # The oldest one's libraries are older than the package wants.
    SYSTEMD_ONLY='252 257' scripts/systemd.sh roots
    for version in 252 257; do booted "$version"; done
    # Each other architecture's program, run here.
    mapfile -t others < <(grep -v "_$native.deb$" "$work/packages")
    for package in "${others[@]}"; do
        rm -rf "$work/try/other"
        dpkg-deb -x "$package" "$work/try/other"
        dpkg-deb -I "$package" control > "$work/try/other.control"
        inside "$cache/build" "$work/try:/try:ro" -- /try/other.sh "$(dpkg-deb -f "$package" Architecture)"
        count=$((count + 1))
    done
fi
say "$count passed in $SECONDS s"
