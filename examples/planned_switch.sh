#!/bin/sh
# How does a plain script switch a baker to its backup? With the command line's --json alone: POSIX sh, sed and awk, and mktemp.
#
#   planned_switch.sh FAILOVER CONFIG       FAILOVER is the program, CONFIG the configuration of the backup
#
# It shows the plan, has a person type its name, and runs with that as the statement; where the backup's signer is a Ledger, its
# setting is stated too. It ends with the exit code of the run. A run that is unfinished, whoever stopped it, is for a person to
# decide about: the script never resumes one, says what is next, and ends with 6. Ctrl-C, SIGTERM and a closed terminal are passed on
# to the run. To try it: `failover drill --serve DIR`, and DIR/failover.toml.
set -u

[ $# -eq 2 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 2; }
failover=$1 config=$2
records=$(mktemp) || exit 1
trap 'rm -f "$records"' EXIT

# A stop is passed on to what was called; before the run there is nothing to be stopped.
child='' begun='' stops=0
stop() {
    stops=$((stops + 1))
    if [ -n "$child" ]; then kill -TERM "$child" 2>/dev/null; else nothing_begun; fi
}
nothing_begun() {
    [ -n "$begun" ] || { echo 'stopped: nothing was done'; exit 8; }
}
trap stop HUP INT TERM

# Leaves the records in the file, and the exit code.
call() {
    "$failover" --json --config "$config" "$@" >"$records" </dev/null &
    child=$!
    # A stop that came before the child had its name.
    [ "$stops" -eq 0 ] || kill -TERM "$child" 2>/dev/null
    code=127
    # A signal ends the wait, and not the child: it is waited for again, to its own end.
    while :; do
        before=$stops
        wait "$child"
        got=$?
        [ "$got" -eq 127 ] || code=$got
        [ "$stops" -ne "$before" ] || break
    done
    child=''
    [ "$stops" -eq 0 ] || nothing_begun
    return "$code"
}

# The whole texts of these keys, in each record with these words: of the record itself, and not of what is nested in it. JSON's
# escapes are undone; a control character is a blank.
field() {
    words=$1
    shift
    WORDS=$words KEYS=$* awk '
        function text(token) {
            token = substr(token, 2, length(token) - 2)
            gsub(/\\\\/, "\001", token)
            gsub(/\\[bfnrt]|\\u[0-9a-fA-F][0-9a-fA-F][0-9a-fA-F][0-9a-fA-F]/, " ", token)
            gsub(/\\/, "", token)
            gsub(/\001/, "\\", token)
            return token
        }
        index($0, ENVIRON["WORDS"]) {
            rest = $0; depth = 0; split("", found)
            while (match(rest, /"([^"\\]|\\.)*"|[][{}:,]/)) {
                token = substr(rest, RSTART, RLENGTH)
                rest = substr(rest, RSTART + RLENGTH)
                if (token == "{" || token == "[") depth++
                else if (token == "}" || token == "]") depth--
                else if (depth > 1) continue
                else if (token == ",") name = ""
                else if (token == ":") name = text(last)
                else if (name != "") found[name] = text(token)
                else last = token
            }
            line = ""
            keys = split(ENVIRON["KEYS"], key, " ")
            for (n = 1; n <= keys; n++) line = line (n > 1 ? ": " : "") found[key[n]]
            if (line != "") print line
        }' "$records"
}

end='"record":"end"'
ended() {
    # Why: of a command that began nothing, and of a run.
    field '"record":"error"' message
    field "$end" message
    echo "exit $1, $(field "$end" outcome): $(field "$end" next)"
    exit "$1"
}

# Ends where `status` shows a run that is not over. `run` refuses such a one too, with 6; here nobody has typed anything yet.
unfinished() {
    journal='"record":"status","what":"journal"'
    [ -n "$(field "$journal" unfinished)" ] || return 0
    field "$journal" says
    echo "exit 6, interrupted: $(field "$end" next)"
    exit 6
}

typed() {
    echo "$1 Then type $2"
    read -r typed || typed=
    [ "$typed" = "$2" ] || { echo 'not confirmed: nothing was done'; exit 8; }
}

call status || ended $?
unfinished
model=$(field '"record":"device"' model)
call run --plan-only || ended $?
# NAME:PLAN of the plan: a statement holds for that plan, and for ten minutes.
plan=$(field '"record":"plan"' statement)
[ -n "$plan" ] || { echo 'there is no plan'; exit 1; }
typed 'Unplug the signer of the primary.' "$plan"
set -- --yes --confirm-disconnected "$plan"
if [ "$model" = ledger ]; then
    typed "Look at the Ledger's screen, under Settings: is High Watermark enabled?" enabled
    set -- "$@" --confirm-ledger-setting "$plan"
fi

begun=yes
call run "$@"
code=$?
field '"record":"after"' step result
case $code in
    3 | 4) echo 'Not now: what is missing is below. See docs/refusals.md.' ;;
    5) echo 'SOMETHING ELSE SIGNS FOR THIS BAKER. The backup is stopped, and stays so: find what signs.' ;;
    7) echo 'Another run is in progress: leave it alone.' ;;
esac
if [ -z "$(field "$end" next)" ]; then
    # It was killed, and could not say what it leaves.
    echo "the run has no end: exit $code"
    stops=0
    call status || ended $?
    unfinished
    exit "$code"
fi
ended "$code"
