#!/bin/sh
# How does a plain script switch a baker to its backup? With the command line's --json alone: POSIX sh and sed.
#
#   planned_switch.sh FAILOVER CONFIG       FAILOVER is the program, CONFIG the configuration of the backup
#
# It shows the plan, has a person type its name, runs with that as the statement, and does what the exit code asks for. To try it:
# `failover drill --serve DIR`, and DIR/failover.toml. It ends with the exit code of the run.
set -u

[ $# -eq 2 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 2; }
failover=$1 config=$2
records=$(mktemp) || exit 1
trap 'rm -f "$records"' EXIT

# Leaves the records in the file, and the exit code.
call() {
    "$failover" --json --config "$config" "$@" >"$records" </dev/null
}

# A field of the last line, which is the end of every command: what to do next, for the person.
last() {
    sed -n "\$s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$records"
}

ended() {
    # Why, where the command was refused before it began anything.
    sed -n 's/.*"record":"error".*"message":"\([^"]*\)".*/\1/p' "$records"
    echo "exit $1, $(last outcome): $(last next)"
    exit "$1"
}

call run --plan-only || ended $?
# NAME:PLAN of the plan: a statement holds for that plan, and for ten minutes.
plan=$(sed -n 's/.*"record":"plan","name":"\([^"]*\)","plan":"\([^"]*\)".*/\1:\2/p' "$records")
[ -n "$plan" ] || { echo 'there is no plan'; exit 1; }
echo "Unplug the signer of the primary. Then type $plan"
read -r typed || typed=
[ "$typed" = "$plan" ] || { echo 'not confirmed: nothing was done'; exit 8; }

set -- --yes --confirm-disconnected "$plan"
call run "$@"
code=$?
if [ "$code" -eq 6 ] || [ "$code" -gt 128 ]; then
    # A run was cut, this one or an earlier one: it is taken up again, with what was stated of the same plan.
    call resume "$@"
    code=$?
fi
sed -n 's/.*"record":"after".*"step":"\([^"]*\)".*"result":"\([^"]*\)".*/\1: \2/p' "$records"
case $code in
    0) last message ;;
    3 | 4) echo 'Not now: what is missing is below. See docs/refusals.md.' ;;
    5) echo 'SOMETHING ELSE SIGNS FOR THIS BAKER. The backup is stopped, and stays so: find what signs.' ;;
    7) echo 'Another run goes on: leave it alone.' ;;
esac
ended "$code"
