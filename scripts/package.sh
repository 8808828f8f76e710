#!/usr/bin/env bash
# Packs each crate as a registry would get it and builds it from what was packed, the ones that depend on each other too:
# cargo puts what it packed in the registry's place. Ends 0 only where each has its README and both licences, the library its
# examples, and nothing was warned of but tests and benchmarks, which read the whole tree and are left out on purpose.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

stop() { echo "package: $*" >&2; exit 1; }

crates=(failover-core failover-sim failover-cli)
output=$(mktemp)
trap 'rm -f "$output"' EXIT

# Changes that are not committed are packed, too: it is looked at, and not published.
for crate in "${crates[@]}"; do
    files=$(cargo package --quiet --locked --allow-dirty --list -p "$crate")
    wanted=(README.md LICENSE-APACHE LICENSE-MIT Cargo.lock)
    [ "$crate" != failover-core ] || wanted+=(examples/*.rs)
    for file in "${wanted[@]}"; do
        grep -qxF "$file" <<<"$files" || stop "$crate would be packed without $file"
    done
done

cargo package --locked --allow-dirty "${crates[@]/#/--package=}" 2>&1 | tee "$output"
if grep '^warning' "$output" | grep -vE '^warning: ignoring (test|benchmark) '; then
    stop 'a package is warned of'
fi
packed=$(sed -n 's/^ *Packaged \([0-9]*\) files.*/\1/p' "$output" | awk '{ n += $1 } END { print n + 0 }')
echo "prove: package: ${#crates[@]} crates of $packed files, each built from what was packed"
