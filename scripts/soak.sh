#!/usr/bin/env bash
# Failovers in random worlds: SOAK_WORLDS of them, of the seeds from SOAK_SEED on. Ends with 1 where a world is not as it
# must be; each such seed is printed as the command that replays it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

worlds=${SOAK_WORLDS:-100000}
seed=${SOAK_SEED:-1}

cargo build --quiet --locked --release -p failover-cli
program="${CARGO_TARGET_DIR:-target}/release/failover"

status=0
output=$("$program" --json drill --worlds "$worlds" --seed "$seed" | tee >(grep -E '"record":"(progress|failed-world)"' >&2)) || status=$?

# The last figures, from the record that sums up.
sum=$(grep '"record":"worlds"' <<<"$output" || true)
figure() { grep -o "\"$1\":[0-9]*" <<<"$sum" | cut -d: -f2; }
if [ -n "$sum" ]; then
    echo "soak: $sum"
    echo "prove: soak: $(figure worlds) failovers, $(figure injected) faults injected, $(figure signatures) signatures, $(figure signed_twice) signed twice"
fi
exit "$status"
