#!/usr/bin/env bash
# Every proof that takes longer than a test, one after the other, and a table of what each counted. Ends 0 only where all of
# them held. The size of each can be changed: PROVE_WORLDS, PROVE_MUTUAL, PROVE_FUZZ_SECONDS, MUTANTS_SHARD, FAILOVER_PROVE=all.
# Of the mutants it takes a sixteenth, always the same one, so that it ends within hours; `make mutants` takes all of them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

logs=${CARGO_TARGET_DIR:-target}/prove
mkdir -p "$logs"
rows=()
failed=()

# prove NAME COMMAND...: its output goes to a log; what it says there is a row of the table.
prove() {
    local name=$1 begun=$SECONDS verdict=held
    shift
    echo "== $name (log: $logs/$name.log)"
    "$@" >"$logs/$name.log" 2>&1 || { verdict=FAILED; failed+=("$name"); tail -n 25 "$logs/$name.log"; }
    rows+=("$name|$("counted_$name" "$logs/$name.log")|$verdict|$((SECONDS - begun)) s")
}

# The code and the tests that search are optimised: a search is as long as the time that it gets.
proof() {
    cargo test --release --locked -p failover-core --all-features --test "$@"
}

model() { proof model -- --nocapture; }
counted_model() {
    awk '/^searched / { searches++; for (i = 2; i <= NF; i++) {
             if ($i == "states,") states += $(i - 1); if ($i == "properties,") properties = $(i - 1);
             if ($i == "depth" && $(i + 1) + 0 > depth) depth = $(i + 1) + 0 } }
         /^caught / { caught++ }
         END { printf "%d states explored in %d searches, depth to %d; %d properties; %d broken variants caught", states, searches, depth, properties, caught }' "$1"
}

crash() { FAILOVER_PROOF=1 proof sim -- --nocapture killed_ torn; }
counted_crash() {
    awk '/^crash points: / { points = $3 + 0; kills += $5 } /kills of two a run$/ { twice = $1 } / bytes, [0-9]+ records$/ { for (i = 2; i <= NF; i++) if ($i == "bytes,") bytes += $(i - 1) }
         END { printf "%d crash points, %d kills, %d runs killed twice; journals cut at %d bytes", points, kills, twice, bytes }' "$1"
}

# The last line of a proof with a script of its own.
figure() { sed -n "s/^prove: $1: //p" "$2" | tail -n 1; }

soak() { SOAK_WORLDS=${PROVE_WORLDS:-10000} scripts/soak.sh; }
counted_soak() { figure soak "$1"; }

mutants() {
    local sample=1/16
    [ "${FAILOVER_PROVE:-}" != all ] || sample=1/1
    MUTANTS_SHARD=${MUTANTS_SHARD:-$sample} scripts/mutants.sh
}
counted_mutants() { figure mutants "$1"; }

fuzz() { scripts/fuzz.sh "${PROVE_FUZZ_SECONDS:-30}"; }
counted_fuzz() { figure fuzz "$1"; }

# Two real runs at once, one on each machine of a served world (S13): they run in real time, most of it waiting.
mutual() {
    MUTUAL_WORLDS=${PROVE_MUTUAL:-200} MUTUAL_JOBS=${MUTUAL_JOBS:-8} cargo test --locked -p failover-cli --all-features --test serve h23_two_runs -- --nocapture
}
counted_mutual() { figure mutual "$1"; }

package() { scripts/package.sh; }
counted_package() { figure package "$1"; }

for name in ${*:-model crash mutual package soak mutants fuzz}; do
    prove "$name" "$name"
done

echo
printf '%-8s  %-7s  %-7s  %s\n' proof result time counted
for row in "${rows[@]}"; do
    IFS='|' read -r name counted verdict took <<<"$row"
    printf '%-8s  %-7s  %-7s  %s\n' "$name" "$verdict" "$took" "${counted:-nothing}"
    [ -n "$counted" ] || failed+=("$name counted nothing")
done
[ "${#failed[@]}" -eq 0 ] || { echo "prove: FAILED: ${failed[*]}"; exit 1; }
echo "prove: all held; ${SECONDS} s"
