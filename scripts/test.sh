#!/usr/bin/env bash
# Every check, in the order in which they are likely to fail fast. `scripts/setup.sh test` comes first.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

step=
begin() { step=$1; echo "== $step"; }

output=$(mktemp)
trap '[ -z "$step" ] || echo "test: FAILED at: $step (after ${SECONDS} s)"; rm -f "$output" "$output.systemd" "$output.package"' EXIT

begin 'format'
cargo fmt --all --check

begin 'lints'
cargo clippy --quiet --locked --workspace --all-targets --all-features -- -D warnings
begin 'lints without features'
cargo clippy --quiet --locked -p failover-core --no-default-features --all-targets -- -D warnings
begin 'lints with the default features'
cargo clippy --quiet --locked -p failover-core --all-targets -- -D warnings

# The targets are a workspace of their own, which nothing else builds; their library is not needed to see whether they fit.
begin 'fuzz targets'
CUSTOM_LIBFUZZER_PATH=/nowhere/libfuzzer.a RUSTFLAGS='--cfg fuzzing' CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/fuzz-check \
    cargo check --quiet --locked --manifest-path fuzz/Cargo.toml --bins

begin 'no C library without features'
tree=$(cargo tree --quiet --locked -p failover-core --no-default-features -e normal,build --prefix none)
# A crate that links one is called -sys, or is built with one of these. linux-raw-sys links nothing: it is the kernel's numbers as plain Rust.
if grep -vE '^linux-raw-sys v' <<<"$tree" | grep -E '^[^ ]*-sys v|^(cc|cmake|pkg-config|bindgen) v'; then
    echo 'failover-core without features has to build without any C library or compiler'
    exit 1
fi
begin 'no library of the system by default'
if cargo tree --quiet --locked -p failover-core -e normal,build --prefix none | grep -E '^pkg-config v'; then
    echo 'what failover-core has by default has to link no library of the system: pkg-config looks for one'
    exit 1
fi

begin 'documentation'
export RUSTDOCFLAGS='-D warnings'
# The links between private parts first; the pages that stay are the public ones.
cargo doc --quiet --locked -p failover-core --all-features --no-deps --document-private-items
cargo doc --quiet --locked --workspace --all-features --no-deps
unset RUSTDOCFLAGS

begin 'licences and sources'
# The crates of other platforms too: their licences count, and without them there is no answer offline.
cargo fetch --quiet --locked
scripts/deny.sh --offline --log-level error check licenses bans sources

begin 'advisories'
advisories='not checked'
if timeout 60 scripts/deny.sh --log-level off fetch db >/dev/null 2>&1; then
    scripts/deny.sh --log-level error check --disable-fetch advisories
    advisories='checked'
else
    echo 'not checked: the database of advisories cannot be fetched from here'
fi

begin 'tests'
cargo test --locked --workspace --all-features --exclude failover-cli --no-fail-fast 2>&1 | tee "$output"
begin 'tests of the command line'
# Real processes that mostly wait for the next block: more of them at once than there are cores.
RUST_TEST_THREADS=6 cargo test --locked -p failover-cli --all-features --no-fail-fast 2>&1 | tee -a "$output"

begin 'devices in a virtual machine'
devices='devices in a virtual machine not tested'
if scripts/e2e.sh possible; then
    scripts/e2e.sh 2>&1 | tee -a "$output"
    devices="$(grep -c '^PASS ' "$output") device tests in a virtual machine"
elif [ "${CI:-}" = true ]; then
    echo 'not possible here: Debian or Ubuntu on amd64, and root or sudo'
    exit 1
else
    echo "$devices: that needs Debian or Ubuntu on amd64, and root or sudo once"
fi

begin 'boot guard under systemd'
systemd='boot guard under systemd not tested'
if scripts/systemd.sh possible; then
    scripts/systemd.sh 2>&1 | tee "$output.systemd"
    systemd="$(grep -c '^PASS ' "$output.systemd") cases of the boot guard under systemd"
else
    echo "$systemd: that needs Debian or Ubuntu, root or sudo, and leave to make namespaces"
fi

begin 'the Debian package'
package='the Debian package not tested'
if scripts/deb-test.sh possible quick; then
    scripts/deb-test.sh quick 2>&1 | tee "$output.package"
    package="$(grep -c '^PASS ' "$output.package") cases of the Debian package"
else
    echo "$package: that needs what the boot guard under systemd needs, and no newer glibc than Debian 12 has"
fi

passed=$(awk '/^test result: ok/ { n += $4 } END { print n + 0 }' "$output")
step=
echo "test: all passed: $passed tests, $devices, $systemd, $package, format, lints, documentation, licences; advisories $advisories; ${SECONDS} s"
