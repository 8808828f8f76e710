#!/usr/bin/env bash
# The Debian packages, built in a root of the oldest Debian that is supported, so that they run on it and on everything
# newer. Needs Debian or Ubuntu, and root or sudo. Nothing of this machine is changed but the packages that are installed.
#   scripts/deb.sh [ARCH...]   amd64 and arm64 unless told, to target/debian
#   scripts/deb.sh possible    exit 0 where it can run here (nothing is installed)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/deb-roots.sh
. scripts/deb-roots.sh

if [ "${1:-}" = possible ]; then possible; exit; fi
possible || stop 'this needs Debian or Ubuntu on amd64 or arm64, root or sudo, and leave to make mount namespaces'
archs=("$@")
[ $# -gt 0 ] || archs=(amd64 arm64)

scripts/setup.sh build
cargo_deb
# Both architectures' compilers always: a root that lacks one would be made again for the other.
root_of build build 'amd64 arm64' "$archive" "$security"
# The crates: nothing is fetched inside.
cargo fetch --quiet --locked

out=${CARGO_TARGET_DIR:-target}/debian
mkdir -p "$out" "$cache/target"
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
bring .tools/bin/cargo-deb "$tools"
say "building ${archs[*]}; a release build takes some minutes each"
inside "$cache/build" \
    "$PWD:/src:ro" "${CARGO_HOME:-$HOME/.cargo}:/cargo:ro" "$tools:/tools:ro" "$cache/target:/build" "$(realpath "$out"):/out" \
    -- env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 "SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)" \
    /src/packaging/inside.sh "${archs[@]}" 2>&1 | sed -u 's/^/deb: /' >&2
for arch in "${archs[@]}"; do
    package=$(find "$out" -name "failover_*_$arch.deb" -newer "$tools" | head -n 1)
    [ -n "$package" ] || stop "there is no package for $arch"
    [ "$(id -u)" -eq 0 ] || sudo chown "$(id -u):$(id -g)" "$package"
    echo "$package"
done
