#!/usr/bin/env bash
# Fuzzes the targets of fuzz/ one after the other: scripts/fuzz.sh [SECONDS [TARGET...]], 30 seconds and all targets unless
# told. `scripts/fuzz.sh replay TARGET FILE` runs one input again. What it found before is kept in fuzz/corpus and goes on
# from there. Stable Rust is enough; what is missing is installed as scripts/setup.sh does.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=0.13.1
say() { echo "fuzz: $*" >&2; }
stop() { say "$*"; exit 1; }

scripts/setup.sh build
# libFuzzer is C++.
command -v c++ >/dev/null || scripts/packages.sh g++
if [ "$(.tools/bin/cargo-fuzz --version 2>/dev/null)" != "cargo-fuzz $version" ]; then
    say "building cargo-fuzz $version into .tools, once"
    cargo install --quiet --locked --force --version "$version" --root .tools cargo-fuzz \
        || stop "cargo-fuzz could not be built; is there a network?"
fi

host=$(rustc -vV | sed -n 's/^host: //p')
# Memory errors are found where this Rust brings AddressSanitizer, and one allocation is bounded there. A stable Rust takes
# the flags for it when told that it may.
sanitizer=none
compgen -G "$(rustc --print sysroot)/lib/rustlib/$host/lib/librustc-*_rt.asan.a" >/dev/null && sanitizer=address
export CARGO_INCREMENTAL=${CARGO_INCREMENTAL:-0} RUSTC_BOOTSTRAP=1 PATH="$PWD/.tools/bin:$PATH"
say "building the targets (sanitizer: $sanitizer)"
CARGO_BUILD_JOBS=${CARGO_BUILD_JOBS:-2} cargo fuzz build --sanitizer "$sanitizer" >&2
programs=${CARGO_TARGET_DIR:-fuzz/target}/$host/release

# An answer that is asked for is 16 MiB at most; nothing may take more than a few times that, nor longer than ten seconds.
limits=(-timeout=10 -rss_limit_mb=512 -malloc_limit_mb=64)
export ASAN_OPTIONS=quarantine_size_mb=16:detect_leaks=0:allocator_may_return_null=1

if [ "${1:-}" = replay ]; then
    exec "$programs/${2:?a target}" "${limits[@]}" "${3:?a file}"
fi

seconds=${1:-30}
[[ "$seconds" =~ ^[1-9][0-9]*$ ]] || stop "$seconds is no number of seconds"
targets=("${@:2}")
[ "${#targets[@]}" -gt 0 ] || mapfile -t targets < <(basename -a -s .rs fuzz/fuzz_targets/*.rs)

all=0 crashes=0 begun=$SECONDS
failed=()
row() { printf '%-18s %12s %8s %8s %8s\n' "$@"; }
row target executions seconds corpus crashes
for target in "${targets[@]}"; do
    [ -x "$programs/$target" ] || stop "there is no target $target"
    corpus=fuzz/corpus/$target artifacts=fuzz/artifacts/$target log=fuzz/artifacts/$target.log
    mkdir -p "$corpus" "$artifacts"
    dict=() input=fuzz/dict/json.dict
    case $target in
        node_*|tzkt|etcd|mark_files|nonces|journal) dict=(-dict=$input) ;;
        config) dict=(-dict=fuzz/dict/toml.dict) ;;
    esac
    touch "$artifacts/.before"
    start=$SECONDS code=0
    FAILOVER_SEEDS=$corpus timeout --signal=KILL $((seconds + 300)) "$programs/$target" "${limits[@]}" "${dict[@]}" \
        -max_total_time="$seconds" -print_final_stats=1 -max_len=65536 -artifact_prefix="$artifacts/" "$corpus" \
        >"$log" 2>&1 </dev/null || code=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -1)
    found=$(find "$artifacts" -type f -newer "$artifacts/.before" ! -name .before | sort)
    crashed=0
    if [ "$code" -ne 0 ] || [ -n "$found" ]; then
        crashed=1
        failed+=("$target: exit $code, see $log")
        for file in $found; do
            failed+=("    scripts/fuzz.sh replay $target $file")
        done
    fi
    all=$((all + ${runs:-0})) crashes=$((crashes + crashed))
    row "$target" "${runs:-0}" $((SECONDS - start)) "$(find "$corpus" -type f | wc -l)" "$crashed"
done
for line in "${failed[@]}"; do
    echo "$line"
done
echo "prove: fuzz: ${#targets[@]} targets, $all executions, $((SECONDS - begun)) s, $crashes crashes"
[ "$crashes" -eq 0 ]
