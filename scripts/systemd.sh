#!/usr/bin/env bash
# The proof of the boot guard, and of a whole run: Debian's systemd 247, 252 and 257, each booted and rebooted in namespaces
# of its own, with stand-in TezBake units and the real program. 247 stands for Ubuntu 22.04's 249. Needs Debian or Ubuntu,
# and root or sudo. Nothing of this machine is changed but the packages that are installed; the machines have no network,
# no devices and none of its folders.
#   scripts/systemd.sh                   make what is missing, build, run them all; exit 0 when every case passed
#   scripts/systemd.sh roots             make what is missing of their roots, and no more
#   scripts/systemd.sh possible          exit 0 where it can run here (nothing is installed)
#   SYSTEMD_ONLY=252 scripts/systemd.sh  one version
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cache=$PWD/.cache/systemd
declare -A suites=([247]=bullseye [252]=bookworm [257]=trixie)
read -ra versions <<< "${SYSTEMD_ONLY:-247 252 257}"
say() { echo "systemd: $*" >&2; }
stop() { say "$*"; exit 1; }

# shellcheck source=scripts/debian.sh
. scripts/debian.sh

possible() {
    on_debian || return 1
    # A container may forbid what root may do elsewhere.
    "${root[@]}" e2e/systemd/machine.sh possible
}
if [ "${1:-}" = possible ]; then possible; exit; fi
possible || stop 'this needs Debian or Ubuntu, root or sudo, and leave to make namespaces and to mount cgroup2'

# What the roots are made by: when it changes, they are made again.
recipe=e2e/systemd/root.sh
made() { sha256sum < "$recipe"; }
new=()
for version in "${versions[@]}"; do
    [ "$(cat "$cache/$version/made" 2>/dev/null)" = "$(made)" ] || new+=("$version")
done
if [ "${#new[@]}" -gt 0 ]; then
    missing=()
    [ -x /usr/sbin/debootstrap ] || missing+=(debootstrap)
    # The keys of all releases, whatever this machine's own is.
    [ -s /usr/share/keyrings/debian-archive-trixie-stable.gpg ] || missing+=(debian-archive-keyring)
    # Without any, for the package lists that are asked next.
    scripts/packages.sh "${missing[@]}"
    # The archive that this machine's own packages come from; where that is not Debian's, the one that debootstrap knows.
    # shellcheck disable=SC2016
    archive=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | sort -u | sed -n 1p)
    keys=/usr/share/keyrings/debian-archive
    for version in "${new[@]}"; do
        say "making a root of ${suites[$version]}"
        mkdir -p "$cache/$version"
        rm -f "$cache/$version/made" "$cache/$version/root.log"
        from=("$archive") keyring=$keys-keyring.gpg
        # Some day it is with the old releases, and its keys are with those that were removed.
        if [ "${suites[$version]}" = bullseye ]; then
            from+=(http://archive.debian.org/debian) keyring=$cache/$version/keyring.gpg
            { cat "$keys-keyring.gpg"; cat "$keys-removed-keys.gpg" 2>/dev/null || true; } > "$keyring"
        fi
        for where in "${from[@]}"; do
            "${root[@]}" "$recipe" "${suites[$version]}" "$cache/$version/root" "$where" "$keyring" \
                >> "$cache/$version/root.log" 2>&1 || continue
            made > "$cache/$version/made"
            break
        done
        [ -e "$cache/$version/made" ] || stop "the root could not be made; see $cache/$version/root.log"
    done
fi

[ "${1:-}" != roots ] || exit 0
cargo build --quiet --locked -p failover-cli
built=$(cd "${CARGO_TARGET_DIR:-target}/debug" && pwd)

work=$(mktemp -d)
# The machines end with what made their namespaces.
provers=()
ended() {
    [ "${#provers[@]}" -eq 0 ] || "${root[@]}" kill "${provers[@]}" 2>/dev/null || true
    rm -rf "$work"
}
trap ended EXIT
# The program with this machine's own libraries: the roots' may be older.
cp -r e2e/systemd "$work/proof"
mkdir -p "$work/proof/lib"
strip -o "$work/proof/lib/failover" "$built/failover"
ldd "$built/failover" | grep -o '/[^ :]*\.so[^ ]*' | while read -r library; do cp -L "$library" "$work/proof/lib/"; done
mv "$work/proof/lib/"ld-linux* "$work/proof/lib/ld.so"

say "booting systemd ${versions[*]}; what was seen goes to ${cache#"$PWD"/}/VERSION.log"
for version in "${versions[@]}"; do
    log=$cache/$version.log
    : > "$log"
    "${root[@]}" e2e/systemd/machine.sh "$cache/$version/root" "$cache/$version/run" "$work/proof" "$log" \
        "${SYSTEMD_DEADLINE:-420}" 2> >(sed "s/^/systemd: $version: /" >&2) </dev/null &
    provers+=($!)
    # Shows each case as it ends.
    tail --pid=$! -n +1 -s 0.2 -F "$log" 2>/dev/null | grep --line-buffered -aE '^(PASS|FAIL) ' | sed -u "s/^..../& $version:/" &
done
failed=0
for prover in "${provers[@]}"; do wait "$prover" || failed=1; done
wait
summary=
for version in "${versions[@]}"; do summary+="${summary:+, }$version: $(grep -ac '^PASS ' "$cache/$version.log" || true) passed"; done
[ "$failed" -eq 0 ] || stop "FAILED; $summary; see ${cache#"$PWD"/}/VERSION.log"
say "$summary in $SECONDS s"
