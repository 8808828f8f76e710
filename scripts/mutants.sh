#!/usr/bin/env bash
# Breaks the code that judges, one small change at a time, and runs the tests that belong to it: a change that no test
# notices is a hole in the tests, or changes nothing. Those of the second kind are in .cargo/mutants-equivalent, with the
# reason. cargo-mutants makes the list; scripts/mutants writes all of it into one build, each behind a switch, so that a
# mutant costs one run of the tests and not a build; what cannot be written so, cargo-mutants tries itself.
# Works on copies under target/, never on this tree; goes on where it was stopped; ends at once where nothing changed.
#
#   MUTANTS_SHARD=2/8     every eighth mutant, beginning with the second
#   MUTANTS_AREA=journal  one area of those below
#   MUTANTS_JOBS=2        so many at a time
#   MUTANTS_MINUTES=30    stop after that; the next call goes on
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=27.1.0
equivalent=.cargo/mutants-equivalent

# name @ files under failover-core/src @ rounds, each: features : arguments of cargo test : arguments of the tests
# A round runs what the rounds before it did not catch, so the quick tests come first. The first area that fits counts.
areas=(
    'watermark @ signer/(watermark|raise|mark|needed|order|cap)\.rs @ :--test=signer:--skip=disarm;:--test=tezsign --test=ledger:driver'
    'decision @ decision(/.*)?\.rs @ :--lib --test=decision:--skip=invariants;:--test=decision --test=price:;:--test=watch --test=sim:--skip=killed'
    'agreement @ chain/(agreement|answer|rights)\.rs @ :--lib:chain::;:--test=chain:;http:--test=chain:tzkt simulated'
    'scan @ chain/scan(/.*)?\.rs @ :--lib:chain::;:--test=chain:'
    'journal @ (journal|jsonl)(/.*)?\.rs @ :--test=journal:cut;:--lib --test=journal:--skip=cut'
    'watch @ watch(/.*)?\.rs @ :--lib:watch::;:--test=watch:'
    'activity @ chain/activity(/.*)?\.rs @ :--test=chain:;http:--test=chain:simulated mempool'
    'tezsign @ signer/tezsign(/.*)?\.rs @ :--lib:signer::;:--test=tezsign:--skip=socket;:--test=tezsign --test=handbook:socket deadlines'
    'ledger @ signer/(ledger|key_path)(/.*)?\.rs @ :--lib:signer::;:--test=ledger:driver vectors;:--test=ledger --test=handbook:tcp slow deadlines'
)

say() { echo "mutants: $*" >&2; }
stop() { say "$*"; exit 1; }
is() { [ "$(cargo mutants --version 2>/dev/null)" = "cargo-mutants $version" ]; }

PATH="$PWD/.tools/bin:$PATH"
is || {
    say "building cargo-mutants $version into .tools, once; this takes some minutes"
    cargo install --quiet --locked --version "$version" --root .tools cargo-mutants || true
    is || stop "cargo-mutants could not be built; is there a network?"
}

mkdir -p "${CARGO_TARGET_DIR:-target}/mutants"
work=$(cd "${CARGO_TARGET_DIR:-target}/mutants" && pwd)
exec 9>"$work/lock"
flock --nonblock 9 || stop "another run is at work"
mkdir -p "$work/snapshots" "$work/now"
results=$work/results.tsv
touch "$results"
jobs=${MUTANTS_JOBS:-1}
ends=$((SECONDS + ${MUTANTS_MINUTES:-100000} * 60))
export CARGO_INCREMENTAL=1 CARGO_PROFILE_DEV_DEBUG=none

hash() { sha256sum "$@" | cut -c 1-16; }
field() { awk -F ' @ ' -v n="$2" '{ print $n }' <<<"$1"; }
rounds_of() { field "$1" 3 | tr ';' '\n'; }

# --- What there is ---------------------------------------------------------------------------------------------------

# This tree as it is now: what is changed in it meanwhile is the next call's.
rm -rf "$work/now/tree"
mkdir "$work/now/tree"
git ls-files -z --cached --others --exclude-standard | { xargs -0 -r ls -d 2>/dev/null || true; } \
    | tar --create --no-recursion --files-from - | tar --extract --touch --directory "$work/now/tree"
cd "$work/now/tree"

# The list, with the name that survives an edit: without line and column, numbered where a file has the same name twice.
# A mutant's number is its line.
list() { cargo mutants --colors never --list -p failover-core "$@" 9>&-; }
list >"$work/now/all"
awk '{ s = $0; sub(/:[0-9]+:[0-9]+:/, ":", s); n = ++seen[s]; print $0 "\t" s (n > 1 ? " #" n : "") }' \
    "$work/now/all" >"$work/now/stable"

cut -d : -f 1 "$work/now/all" | sort -u | while read -r file; do
    for area in "${areas[@]}"; do
        if [[ ${file#failover-core/src/} =~ ^($(field "$area" 2))$ ]]; then
            printf '%s\t%s\t%s\n' "$file" "$(hash "$file")" "$(field "$area" 1)"
            continue 2
        fi
    done
    stop "no area for $file"
done >"$work/now/files"

# The tests of an area up to a round, as one text: each line with its file.
tests_until() {
    local arguments target round=0
    {
        echo failover-core/tests/dice failover-core/tests/ledger/recorded.rs failover-core/tests/tezsign/support.rs \
            failover-core/tests/signer/meanwhile.rs
        while IFS=: read -r _ arguments _; do
            round=$((round + 1))
            [ "$round" -le "$2" ] || break
            for target in $arguments; do
                case $target in
                    --test=*) echo failover-core/tests/"${target#--test=}"{,.rs} ;;
                    --lib) find failover-core/src -name 'tests.rs' -o -name '*_tests.rs' ;;
                esac
            done
        done < <(rounds_of "$1")
    } | tr ' ' '\n' | { while read -r path; do [ ! -e "$path" ] || find "$path" -name '*.rs'; done } \
        | LC_ALL=C sort -u | xargs awk '{ print FILENAME ":" $0 }'
}

for area in "${areas[@]}"; do
    round=0 spec=
    while read -r line; do
        round=$((round + 1)) spec="$spec;$line"
        tests_until "$area" "$round" >"$work/now/tests"
        tests=$(hash "$work/now/tests")
        cp "$work/now/tests" "$work/snapshots/$tests"
        printf '%s\t%s\t%s\t%s\n' "$(field "$area" 1)" "$round" "$tests" "$(hash <<<"$spec $tests")"
    done < <(rounds_of "$area")
done >"$work/now/rounds"

# --- What is known ---------------------------------------------------------------------------------------------------

# One line a result: name, hash of its file, area, round, key of the tests, verdict.
result() {
    local name=$1 area=$2 round=$3 verdict=$4
    awk -F '\t' -v name="$name" -v a="$area" -v r="$round" -v verdict="$verdict" '
        BEGIN { split(name, part, ":") }
        FILENAME == ARGV[1] { if ($1 == part[1]) file = $2; next }
        $1 == a && $2 == r { key = verdict == "missed" ? $4 : $3 }
        END { print name "\t" file "\t" a "\t" r "\t" key "\t" verdict }' "$work/now/files" "$work/now/rounds" >>"$results"
}

# A snapshot of tests without its `use` lines: what they name does not change what is tested.
without_imports() { awk '/^[^:]*:use / { skip = 1 } !skip { print } skip && /;$/ { skip = 0 }' "$1"; }

# Did these tests only grow since? What they caught then, they catch now.
grew() {
    [ -f "$work/snapshots/$1" ] && [ -f "$work/snapshots/$2" ] || return 1
    ! diff <(without_imports "$work/snapshots/$1") <(without_imports "$work/snapshots/$2") | grep -q '^<'
}

# Every mutant with what is believed of it: name, stable name, area, verdict (or `open`), the round it was missed in (or 0),
# number. Caught: the file is the same, and the tests are, or only grew. Missed: file and tests are the same.
judge() {
    local area round old new
    awk -F '\t' '$6 == "caught" || $6 == "timeout" { print $3 "\t" $4 "\t" $5 }' "$results" | sort -u \
        | while IFS=$'\t' read -r area round old; do
            new=$(awk -F '\t' -v a="$area" -v r="$round" '$1 == a && $2 == r { print $3 }' "$work/now/rounds")
            if [ "$old" = "$new" ] || grew "$old" "$new"; then printf '%s\t%s\t%s\n' "$area" "$round" "$old"; fi
        done >"$work/now/believed"
    awk -F '\t' '
        FILENAME == ARGV[1] { hash[$1] = $2; area[$1] = $3; next }
        FILENAME == ARGV[2] { exact[$1, $2] = $4; next }
        FILENAME == ARGV[3] { believed[$1, $2, $3] = 1; next }
        FILENAME == ARGV[4] {
            split($1, part, ":")
            if (hash[part[1]] != $2) next
            if ($6 == "unviable") { verdict[$1] = $6; next }
            if (area[part[1]] != $3) next
            if ($6 == "missed") { if (exact[$3, $4] == $5) { verdict[$1] = $6; round[$1] = $4 } }
            else if (($3, $4, $5) in believed) { verdict[$1] = $6 }
            next
        }
        { split($1, part, ":")
          print $1 "\t" $2 "\t" area[part[1]] "\t" ($1 in verdict ? verdict[$1] : "open") "\t" round[$1] + 0 "\t" FNR }' \
        "$work/now/files" "$work/now/rounds" "$work/now/believed" "$results" "$work/now/stable" >"$work/now/judged"
}

# Only what this call is about.
shard=${MUTANTS_SHARD:-1/1}
[[ $shard =~ ^([1-9][0-9]*)/([1-9][0-9]*)$ ]] && [ "${shard%/*}" -le "${shard#*/}" ] || stop "MUTANTS_SHARD=k/n, not $shard"
scope() {
    awk -F '\t' -v k="${shard%/*}" -v n="${shard#*/}" -v only="${MUTANTS_AREA:-}" \
        '(only == "" || $3 == only) && NR % n == k % n' "$work/now/judged"
}

# --- Copies of that tree ---------------------------------------------------------------------------------------------

# Only what differs is written: what is built there stays built. Without its time: what was built of a mutant is newer
# than the file that it was made from.
copy() {
    local from=$1 to=$2 file
    mkdir -p "$to"
    { diff --recursive --brief --no-dereference --exclude target "$from" "$to" || true; } >"$work/now/differ"
    # Files x and y differ; Only in x: y
    sed -n "s|^Files $from/\(.*\) and .* differ\$|\1|p; s|^Only in $from/\(.*\): |\1/|p; s|^Only in $from: ||p" \
        "$work/now/differ" | while read -r file; do
        rm -rf "${to:?}/$file"
        cp --recursive --preserve=mode "$from/$file" "$to/$file"
    done
    sed -n "s|^Only in $to\(.*\): |\1/|p" "$work/now/differ" | while read -r file; do rm -rf "${to:?}$file"; done
}

# These numbers do not compile.
unviable() {
    local number
    while read -r number; do result "$(sed -n "${number}p" "$work/now/all")" - 0 unviable; done
}

# The tree with every mutant that is not known not to compile.
write_all() {
    judge
    awk -F '\t' '$4 == "unviable" { print $6 }' "$work/now/judged" >"$work/now/unviable"
    rm -rf "$work/now/written"
    cp --recursive "$work/now/tree" "$work/now/written"
    "$tool" "$work/now/list" "$work/now/written" "$work/now/unviable" >"$work/now/told" 2>"$work/now/left"
    grep -v ' ' "$work/now/told" >"$work/now/switched"
    sed -n 's/ does not compile$//p' "$work/now/told" | unviable
    copy "$work/now/written" "$work/all"
}

# Builds tests in it; what does not compile is written down, and left out the next time.
build_all() {
    local area=$1 round=$2 features=$3 try
    shift 3
    for try in $(seq 20); do
        if (cd "$work/all" && CARGO_TARGET_DIR=$work/build cargo test --quiet --locked -p failover-core --no-default-features \
            --features "$features" --no-run --message-format json "$@") >"$work/now/messages" 2>"$work/log" 9>&-; then
            "$tool" --programs <"$work/now/messages" >"$work/now/programs"
            return 0
        fi
        "$tool" --culprits "$work/all" <"$work/now/messages" >"$work/now/culprits" \
            || { cat "$work/log" >&2; stop "the tests of $area, round $round, do not build"; }
        say "$(wc -l <"$work/now/culprits") mutants do not compile (try $try)"
        unviable <"$work/now/culprits"
        write_all
    done
    stop "too many mutants of $area do not compile"
}

# --- What is to do ---------------------------------------------------------------------------------------------------

# The tests with one mutant: caught, missed or timeout.
try_one() {
    local number=$1 seconds=$2 program code
    shift 2
    while read -r program; do
        code=0
        (cd "$work/all/failover-core" && MUTANT=$number timeout --kill-after 5 "$seconds" "$program" "$@") \
            </dev/null >/dev/null 2>&1 9>&- || code=$?
        case $code in
            0) ;;
            124 | 137) echo timeout; return ;;
            *) echo caught; return ;;
        esac
    done <"$work/now/programs"
    echo missed
}

# A round of those that are switched.
switched() {
    local area=$1 round=$2 features=$3 arguments=$4 test_arguments=$5 before seconds worker
    build_all "$area" "$round" "$features" $arguments
    # Some do not compile, as was just found.
    judge
    todo "$area" "$round" | awk -F '\t' 'NR == FNR { switched[$1] = 1; next } $2 in switched' "$work/now/switched" - \
        >"$work/now/todo"
    before=$SECONDS
    [ "$(try_one 0 1000 $test_arguments)" = missed ] || stop "without a mutant the tests of $area, round $round, fail"
    seconds=$(((SECONDS - before) * 5 + 20))
    for worker in $(seq "$jobs"); do
        awk -v w="$worker" -v n="$jobs" 'NR % n == w % n' "$work/now/todo" | while IFS=$'\t' read -r name number; do
            [ "$SECONDS" -lt "$ends" ] || break
            result "$name" "$area" "$round" "$(try_one "$number" "$seconds" $test_arguments)"
        done &
    done
    wait
}

# A round of those that are not, by cargo-mutants, which builds each.
unswitched() {
    local area=$1 round=$2 features=$3 arguments=$4 test_arguments=$5 out=$work/out
    local files=() build=() argument file verdict name code=0 left=$((ends - SECONDS))
    copy "$work/now/tree" "$work/tree"
    while read -r file; do files+=(--file "$file"); done \
        < <(awk -F '\t' -v a="$area" '$3 == a { print $1 }' "$work/now/files")
    for argument in $arguments; do build+=("--cargo-arg=$argument"); done
    rm -rf "$out"
    mkdir -p "$out/mutants.out"
    # Whatever is not to be done now is called caught before.
    cut -f 1 "$work/now/todo" | grep -vxFf - "$work/now/all" >"$out/mutants.out/previously_caught.txt" || true
    [ "$left" -gt 0 ] || return 0
    # Not where the switched ones are built: cargo takes two trees of the same shape for one, and what was built of this one
    # for newer than the other's files.
    CARGO_TARGET_DIR=$work/build-one timeout --signal INT --kill-after 30 "$left" \
        cargo mutants --dir "$work/tree" --in-place --output "$out" --iterate --colors never --no-times \
        -p failover-core "${files[@]}" --no-default-features --features "$features" "${build[@]}" \
        --minimum-test-timeout 60 --timeout-multiplier 5 -- -- $test_arguments \
        </dev/null >"$work/log" 2>&1 9>&- &
    wait "$!" || code=$?
    for verdict in caught missed timeout unviable; do
        [ -f "$out/mutants.out/$verdict.txt" ] || continue
        while read -r name; do result "$name" "$area" "$round" "$verdict"; done <"$out/mutants.out/$verdict.txt"
    done
    # 2 and 3: missed mutants, and timeouts; the others: the time is over.
    case $code in
        0 | 2 | 3 | 124 | 130 | 137) ;;
        *) tail -n 30 "$work/log" >&2; stop "the tests of $area, round $round, cannot be run" ;;
    esac
}

# Name and number of what this round has to try.
todo() {
    scope | awk -F '\t' -v a="$1" -v r="$2" \
        '$3 == a && ($4 == "open" || $4 == "missed" && $5 < r) { print $1 "\t" $6 }'
}

tool=
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
most=$(cut -f 2 "$work/now/rounds" | sort -n | tail -n 1)
# The first rounds of all areas first: they are quick, and need no other build.
for round in $(seq "$most"); do
    for area in "${areas[@]}"; do
        name=$(field "$area" 1)
        [ "${MUTANTS_AREA:-$name}" = "$name" ] || continue
        IFS=: read -r features arguments test_arguments < <(rounds_of "$area" | sed -n "${round}p") || continue
        judge
        count=$(todo "$name" "$round" | wc -l)
        [ "$count" -gt 0 ] && [ "$SECONDS" -lt "$ends" ] || continue
        if [ -z "$tool" ]; then
            cargo build --quiet --locked --manifest-path scripts/mutants/Cargo.toml --target-dir "$work/tool"
            tool=$work/tool/debug/mutants
            list --json >"$work/now/list"
            write_all
        fi
        say "$name, round $round: $count mutants"
        switched "$name" "$round" "$features" "$arguments" "$test_arguments"
        judge
        todo "$name" "$round" | awk -F '\t' 'NR == FNR { switched[$1] = 1; next } !($2 in switched)' "$work/now/switched" - \
            >"$work/now/todo"
        [ ! -s "$work/now/todo" ] || unswitched "$name" "$round" "$features" "$arguments" "$test_arguments"
    done
done
judge

# --- What came of it -------------------------------------------------------------------------------------------------

# `name -- reason` a line; # at the beginning is a comment.
wrong=0
sed -e '/^#/d' -e '/^ *$/d' "$equivalent" >"$work/now/equivalent"
grep -v ' -- .' "$work/now/equivalent" >&2 && { say "no reason is given for these in $equivalent"; wrong=1; }
sed 's/ -- .*//' "$work/now/equivalent" >"$work/now/listed"
sort "$work/now/listed" | uniq -d | grep . >&2 && { say "these are listed twice in $equivalent"; wrong=1; }
cut -f 2 "$work/now/stable" | grep -vxFf - "$work/now/listed" >&2 \
    && { say "these are in $equivalent, and there is no such mutant any more"; wrong=1; }
scope >"$work/now/scope"
awk -F '\t' '$4 == "caught" || $4 == "timeout" { print $2 }' "$work/now/scope" | grep -xFf "$work/now/listed" >&2 \
    && { say "these are in $equivalent, and a test catches them"; wrong=1; }

# A mutant is missed for good after its area's last round.
summary=$(awk -F '\t' '
    FILENAME == ARGV[1] { last[$1] = $2 > last[$1] ? $2 : last[$1]; next }
    FILENAME == ARGV[2] { listed[$0] = 1; next }
    { v = $4
      if (v == "missed" && $5 < last[$3]) v = "open"
      if (v == "missed" && $2 in listed) v = "equivalent"
      if (v == "missed") print "missed: " $1 > "/dev/stderr"
      n[v]++; n[$3, v]++; n[$3]++; total++
      if (!($3 in at)) { at[$3] = ++areas; name[areas] = $3 } }
    function counts(area, of,   p, s) {
        p = area == "" ? "" : area SUBSEP
        s = n[p "caught"] + 0 " caught of " of + 0 ", " n[p "equivalent"] + 0 " equivalent (listed), " \
            n[p "missed"] + 0 " missed, " n[p "unviable"] + 0 " unviable, " n[p "timeout"] + 0 " timeouts"
        return s (n[p "open"] ? ", " n[p "open"] " not run to the end" : "") }
    END {
        for (i = 1; i <= areas; i++) print name[i] ": " counts(name[i], n[name[i]])
        print counts("", total)
        exit n["missed"] + n["open"] > 0 }' "$work/now/rounds" "$work/now/listed" "$work/now/scope") || wrong=1
part=
[ "$shard" = 1/1 ] || part=" (shard $shard)"
[ -z "${MUTANTS_AREA:-}" ] || part="$part (only $MUTANTS_AREA)"
sed '$d' <<<"$summary"
echo "prove: mutants: $(tail -n 1 <<<"$summary")$part"
exit "$wrong"
