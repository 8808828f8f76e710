#!/usr/bin/env python3
"""How does a script run a failover, and follow it? With the command line's --json alone, and nothing but Python's library.

    watch_a_run.py FAILOVER CONFIG        FAILOVER is the program, CONFIG the configuration of the backup

It shows the plan, has a person state that the primary's signer is unplugged, runs, shows each record as it comes, and does what
the exit code asks for. Codes and names of records, steps and refusals may be relied on; sentences are for people. To try it:
`failover drill --serve DIR`, and DIR/failover.toml. It ends with the exit code of the run.
"""

import json
import subprocess
import sys

DONE, DUPLICATE, INTERRUPTED, CANCELLED = 0, 5, 6, 8


def call(program, *arguments, show=lambda record: None):
    """Calls failover, with each record as it comes: all of them, and the exit code. A signal that ended it is negative."""
    records = []
    # Standard input is nobody's: what is not answered by a flag is answered by no one.
    with subprocess.Popen([*program, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as run:
        for line in run.stdout:
            records.append(json.loads(line))
            show(records[-1])
    return records, run.returncode


def show(record):
    """One record in a line. Kinds that a later version adds are passed over."""
    match record["record"]:
        case "before":
            print(f"{record['number']}  {record['step']}", flush=True)
        case "after" if record["result"] == "failed":
            print(f"   {record['why']}; {record['next']}", flush=True)
        case "duplicate":
            print(f"   SIGNED BY ANOTHER: {record['signed']}", flush=True)
        case "error":
            print(f"   {record['message']}", flush=True)


def last_words(records, code):
    """What the last line says. A program that was killed has none."""
    end = records[-1] if records and records[-1]["record"] == "end" else {}
    print(f"exit {code}: {end.get('message', '')} next: {end.get('next', 'look at `failover status`')}", flush=True)
    return code


def main(failover, config):
    program = [failover, "--json", "--config", config]
    records, code = call(program, "run", "--plan-only", show=show)
    plan = next((record for record in records if record["record"] == "plan"), None)
    if code != DONE or plan is None:
        return last_words(records, code)
    # It holds for the plan with this id, and for ten minutes.
    statement = f"{plan['name']}:{plan['plan']}"
    print(f"head {plan['head']}, every mark to {plan['floor']}, keys: {', '.join(plan['keys'])}; {plan['why']}")
    print(f"Unplug the primary's signer. Then type {statement}", flush=True)
    if sys.stdin.readline().strip() != statement:
        print("not confirmed: nothing was done")
        return CANCELLED
    answers = ["--yes", "--confirm-disconnected", statement]
    records, code = call(program, "run", *answers, show=show)
    if code == INTERRUPTED or code < 0:
        # A run was cut, this one or an earlier one: it is taken up again, with what was stated of the same plan.
        records, code = call(program, "resume", *answers, show=show)
    if code == DUPLICATE:
        print("SOMETHING ELSE SIGNS FOR THIS BAKER. The backup is stopped, and stays so: find what signs.")
    return last_words(records, code)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]) & 0xFF)
