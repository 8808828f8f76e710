# shellcheck shell=bash
# The words that cases are written in.

# Runs one case, a function; its name's underscores are blanks.
prove() {
    local name=${1//_/ } start=$EPOCHREALTIME ended
    echo
    echo "== $name"
    : > /run/seen
    # A command that fails ends the case: so it must not stand in a condition.
    (set -eE; trap 'echo "    FAILED: $BASH_COMMAND (line $LINENO)"' ERR; "$1")
    ended=$?
    if [ "$ended" -eq 0 ]; then
        echo "PASS $name$(sed '1s/^/: /' /run/seen)"
    else
        echo "FAIL $name"
        timeout 10 systemctl --no-pager --no-legend list-units 'bb-*' --all
        failed
    fi
    echo "   ($(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }') s)"
}

# What the case's line says was seen.
seen() { echo "    seen: $*"; echo "$(cat /run/seen)${1:+$([ ! -s /run/seen ] || echo '; ')$*}" > /run/seen; }
wrong() { echo "    WRONG: $*"; return 1; }

# Runs a command, whatever it exits with: `out` is what it said, `code` its exit code.
run() {
    echo "\$ $*"
    code=0
    out=$("$@" 2>&1) || code=$?
    [ -z "$out" ] || printf '    %s\n' "${out//$'\n'/$'\n'    }"
    [ "$code" -eq 0 ] || echo "    exit $code"
}
exits() { [ "$code" -eq "$1" ] || wrong "it exited with $code, not with $1"; }
says() { [[ $out == *"$1"* ]] || wrong "it did not say: $1"; }
# A command that must do it.
ok() { run "$@"; exits 0; }

# The guard's token, and its drop-in for a unit.
token=/var/lib/failover/ACTIVE
guard_file() { echo "/etc/systemd/system/$(unit "$1").d/zz-failover-guard.conf"; }

# Units by their last word: `baker` is bb-default-node-xtz-baker.service.
unit() {
    case $1 in
        node | baker | accuser) echo "bb-default-node-xtz-$1.service" ;;
        signer) echo bb-default-signer-xtz-signer.service ;;
        tezsign) echo bb-default-signer-tezsign.service ;;
        *) echo "$1" ;;
    esac
}
signing=(baker signer tezsign)
show() { systemctl show --value -p "$2" -- "$(unit "$1")"; }
# Its ActiveState, SubState and Result; systemctl has an order of its own.
state() {
    systemctl show -p ActiveState,SubState,Result -- "$(unit "$1")" \
        | awk -F= '{ is[$1] = $2 } END { print is["ActiveState"], is["SubState"], is["Result"] }'
}

# Whether each runs, now: by its state, and by its processes.
processes() { pgrep -f "/bake-buddy/stand-in $(unit "$1")" || true; }
runs() {
    local unit
    for unit in "$@"; do
        [[ $(state "$unit") == 'active running'* ]] || wrong "$unit does not run: $(state "$unit")"
        # `active` comes before the program does.
        for _ in {1..100}; do
            [ -z "$(processes "$unit")" ] || continue 2
            sleep 0.1
        done
        wrong "$unit has no process"
    done
}
dead() {
    local unit
    for unit in "$@"; do
        case $(state "$unit") in
            'inactive dead'* | 'failed failed'*) ;;
            *) wrong "$unit is not dead: $(state "$unit")" ;;
        esac
        [ -z "$(processes "$unit")" ] || wrong "$unit has a process"
    done
}
# Waits until a unit is at rest: it neither starts nor stops, nor waits to restart, and nothing is queued for it. Only then
# what it is says what it will be.
at_rest() {
    local unit now
    for unit in "$@"; do
        for _ in {1..300}; do
            now=$(state "$unit")
            case $now in
                activating* | deactivating* | *auto-restart*) ;;
                *) systemctl list-jobs | grep -q "$(unit "$unit")" || continue 2 ;;
            esac
            sleep 0.1
        done
        wrong "$unit does not come to rest: $now"
    done
}
until_it_waits_to_restart() {
    for _ in {1..300}; do
        [[ $(state "$1") != *auto-restart* ]] || return 0
        sleep 0.01
    done
    wrong "$1 does not wait to restart: $(state "$1")"
}
# Every signing unit is at rest and dead, and none has signed since.
nothing_signs() {
    local before
    at_rest "${signing[@]}"
    dead "${signing[@]}"
    before=$(signatures)
    sleep "$((${restart_sec:?} + 1))"
    dead "${signing[@]}"
    [ "$(signatures)" -eq "$before" ] || wrong "signed all the same: $(tail -n 1 /bake-buddy/signed)"
}
# Nothing signs, and nothing has since the last boot's cases were done.
nothing_signed_at_boot() {
    nothing_signs
    [ "$(signatures)" -eq "$(cat "${state:?}/signatures")" ] || wrong "signed at boot: $(tail -n 1 /bake-buddy/signed)"
}
# How often the signing units signed or unlocked, since the machine was made.
signatures() { grep -cE -- '-(baker|signer|tezsign)\.service ' /bake-buddy/signed || true; }

# A drop-in by hand: UNIT NAME TEXT. It is not loaded yet.
drop_in() {
    local folder
    folder=/etc/systemd/system/$(unit "$1").d
    echo "\$ cat > $folder/$2.conf"
    printf '    %s\n' "${3//$'\n'/$'\n'    }"
    mkdir -p "$folder"
    printf '%s\n' "$3" > "$folder/$2.conf"
}
# Takes the token and every drop-in of the units away.
plain() {
    local unit
    rm -f "${token:?}"
    for unit in "${signing[@]}"; do rm -rf "/etc/systemd/system/$(unit "$unit").d"; done
    systemctl daemon-reload
}

# What `failover guard status` says of the boot guard: holds, open, unknown, none; `why` are its reasons, `by` says who.
guard_is() {
    local record
    run failover guard status --json
    record=$(jq -c 'select(.record == "boot-guard")' <<< "$out")
    [ "$(jq -r .state <<< "$record")" = "$1" ] || wrong "the guard is not $1"
    # shellcheck disable=SC2034
    why=$(jq -r '.why // [] | join("; ")' <<< "$record") by=$(jq -r '.note // {} | "\(.by) at \(.at)"' <<< "$record")
}
# What is in every drop-in folder, to see that nothing changed.
everything() { find /etc/systemd/system /var/lib/failover -type f -exec sha256sum {} + 2>/dev/null | sort; }
