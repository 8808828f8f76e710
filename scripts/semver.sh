#!/usr/bin/env bash
# Compares the library's public interface with that of an earlier revision: what a program that uses it would have to
# change. SEMVER_BASE names the revision; else it is the newest tag v*. Not a part of `make test`: until 1.0 an interface
# may change, and this says where, so that the version and CHANGELOG.md can say so too. It lists every break whatever the
# versions are, and ends with 1 where there is one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=0.51.0
base=${SEMVER_BASE:-$(git describe --tags --abbrev=0 --match 'v*' 2>/dev/null || true)}
if [ -z "$base" ]; then
    echo 'semver: there is no release to compare with yet; name a revision: make semver SEMVER_BASE=REVISION' >&2
    exit 2
fi
git rev-parse --quiet --verify "$base^{commit}" >/dev/null || { echo "semver: $base is no revision" >&2; exit 2; }

tool=.tools/bin/cargo-semver-checks
if [ "$("$tool" semver-checks --version 2>/dev/null)" != "cargo-semver-checks $version" ]; then
    echo "semver: building cargo-semver-checks $version into .tools, once; this takes many minutes" >&2
    cargo install --quiet --locked --version "$version" --root .tools cargo-semver-checks
fi
exec "$tool" semver-checks --package failover-core --all-features --release-type minor --baseline-rev "$base"
