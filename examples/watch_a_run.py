#!/usr/bin/env python3
"""How does a script run a failover, and follow it? With the command line's --json alone, and nothing but Python's library.

    watch_a_run.py FAILOVER CONFIG        FAILOVER is the program, CONFIG the configuration of the backup

It shows the plan, has a person state that the primary's signer is unplugged, and of a Ledger its setting, runs, and shows each record
as it comes. It ends with the exit code of the run. A run that is unfinished, whoever stopped it, is for a person to decide about: the
script never resumes one, says what is next, and ends with 6. Ctrl-C, SIGTERM and a closed terminal are passed on to the run.
Codes and names of records, steps and refusals may be relied on; sentences are for people. To try it: `failover drill --serve DIR`,
and DIR/failover.toml.
"""

import json
import signal
import subprocess
import sys

DONE, DUPLICATE, INTERRUPTED, CANCELLED = 0, 5, 6, 8


class Stop:
    """A stop is passed on to what was called. A person who is asked has answered by it."""

    came, child, asking = False, None, False

    def __call__(self, *_):
        self.came = True
        if self.child:
            self.child.terminate()
        elif self.asking:
            raise KeyboardInterrupt


stop = Stop()


def call(program, *arguments, show=lambda record: None):
    """Calls failover, with each record as it comes: all of them, and the exit code. A signal that ended it is negative."""
    records = []
    # Standard input is nobody's: what is not answered by a flag is answered by no one.
    with subprocess.Popen([*program, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as run:
        stop.child = run
        if stop.came:
            run.terminate()
        for line in run.stdout:
            # A line without its end is torn: the program was killed.
            if line.endswith("\n"):
                records.append(json.loads(line))
                show(records[-1])
    stop.child = None
    return records, run.returncode


def say(line):
    """Says a line. A terminal that is closed must not leave a run behind that nobody waits for."""
    try:
        print(line, flush=True)
    except OSError:
        pass


def show(record):
    """One record in a line. Kinds that a later version adds are passed over."""
    match record["record"]:
        case "before":
            say(f"{record['number']}  {record['step']}")
        case "after" if record["result"] == "failed":
            say(f"   {record['why']}; {record['next']}")
        case "duplicate":
            say(f"   SIGNED BY ANOTHER: {record['signed']}")
        case "error":
            say(f"   {record['message']}")


def last_words(records, code):
    """What the last line says. A program that was killed has none, and ends as the shell says it."""
    end = records[-1] if records and records[-1]["record"] == "end" else {}
    code = code if code >= 0 else 128 - code
    say(f"exit {code}: {end.get('message', '')} next: {end.get('next', 'look at `failover status`')}")
    return code


def unfinished(records):
    """Shows a run that is not over, where `status` has one. `run` refuses such a one too, with 6."""
    journal = next((record for record in records if "unfinished" in record), None)
    if journal is None:
        return False
    say(f"exit {INTERRUPTED}: {journal['says']} next: {records[-1]['next']}")
    return True


def types(what, sentence):
    """Does the person type this sentence?"""
    say(f"{what} Then type {sentence}")
    stop.asking = True
    try:
        return not stop.came and sys.stdin.readline().strip() == sentence
    except KeyboardInterrupt:
        return False
    finally:
        stop.asking = False


def main(failover, config):
    program = [failover, "--json", "--config", config]
    looked, code = call(program, "status", show=lambda record: record["record"] == "error" and show(record))
    if code != DONE:
        return last_words(looked, code)
    if unfinished(looked):
        return INTERRUPTED
    records, code = call(program, "run", "--plan-only", show=show)
    plan = next((record for record in records if record["record"] == "plan"), None)
    if code != DONE or plan is None:
        return last_words(records, code)
    # It holds for the plan with this id, and for ten minutes.
    statement = plan["statement"]
    answers = ["--yes", "--confirm-disconnected", statement]
    say(f"head {plan['head']}, every mark to {plan['floor']}, keys: {', '.join(plan['keys'])}; {plan['why']}")
    confirmed = types("Unplug the primary's signer.", statement)
    if confirmed and any(record.get("model") == "ledger" for record in looked):
        confirmed = types("Look at the Ledger's screen, under Settings: is High Watermark enabled?", "enabled")
        answers += ["--confirm-ledger-setting", statement]
    if not confirmed or stop.came:
        say("not confirmed: nothing was done")
        return CANCELLED
    records, code = call(program, "run", *answers, show=show)
    if code == DUPLICATE:
        say("SOMETHING ELSE SIGNS FOR THIS BAKER. The backup is stopped, and stays so: find what signs.")
    if not records or records[-1]["record"] != "end":
        # It was killed, and could not say what it leaves.
        stop.came = False
        if unfinished(call(program, "status")[0]):
            return INTERRUPTED
    return last_words(records, code)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    for name in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(name, stop)
    sys.exit(main(*sys.argv[1:]))
