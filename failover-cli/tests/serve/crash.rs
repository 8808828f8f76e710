//! SIGKILL right after a journal record, then `resume`.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::said::Said;
use crate::world::{Signer, World, finish, nobody_else};

/// Starts a run and kills it as soon as it shows a record that fits. False where it came to its end.
pub(crate) fn cut(world: &World, plan: &str, mut here: impl FnMut(&Value) -> bool) -> bool {
    // Where the primary turns out to be out of reach, nobody runs failover there either.
    let nobody = nobody_else(plan);
    let args = [
        "run",
        "--yes",
        "--confirm-disconnected",
        plan,
        "--confirm-no-other-run",
        &nobody,
        "--confirm-ledger-setting",
        plan,
    ];
    let mut command = world.program(&args);
    let mut run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut killed = false;
    for line in BufReader::new(run.stdout.take().unwrap()).lines().map_while(Result::ok) {
        let record: Value = serde_json::from_str(&line).unwrap();
        // A record is shown when it is in the journal.
        if here(&record) {
            run.kill().unwrap();
            killed = true;
            break;
        }
    }
    run.wait().unwrap();
    killed
}

/// Takes the run up again as its person would: with the same answers, once more where a step has to be tried again.
fn resume(world: &World, plan: &str) -> Said {
    let said = finish(&mut world.program(&[
        "resume",
        "--yes",
        "--confirm-disconnected",
        plan,
        "--confirm-ledger-setting",
        plan,
    ]));
    assert!(!said.err.contains("panicked"), "{}", said.err);
    said
}

/// A kill and what came of it.
#[derive(Debug)]
struct Cut {
    /// Which record was the last.
    at: String,
    /// How `resume` ended.
    exit: i32,
    /// Why, in one sentence.
    why: String,
    took: Duration,
}

/// Kills at a record and resumes; where the run came to its end before that, its last record.
fn crash(signer: Signer, mut here: impl FnMut(&Value) -> bool) -> Result<Cut, Value> {
    let world = World::new(signer);
    let plan = world.plan();
    let mut at = String::new();
    let mut last = Value::Null;
    let killed = cut(&world, &plan, |record| {
        last = record.clone();
        at = [&record["record"], &record["step"], &record["for"], &record["why"]["for"], &record["asked"]["question"]]
            .into_iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(" ");
        here(record)
    });
    if !killed {
        world.book();
        return Err(last);
    }
    let begun = Instant::now();
    let said = resume(&world, &plan);
    let book = world.book();
    match said.code {
        0 => {
            assert!(book.backup > 0, "{at}: {said:?}");
            assert!(world.bakes("backup") && !world.bakes("primary"), "{at}");
        }
        // Refused, not ready: nothing may be left that could sign.
        3 | 4 => assert!(!world.bakes("backup"), "{at}: {said:?}"),
        // It died before it had a permit: nothing was done, and nothing is gone on with (S13).
        7 => assert!(!world.bakes("backup") && said.why().contains("no permit"), "{at}: {said:?}"),
        _ => panic!("{at}: {said:#?}"),
    }
    Ok(Cut { at, exit: said.code, why: said.why(), took: begun.elapsed() })
}

fn is(record: &Value, name: &str, step: &str) -> bool {
    record["record"] == name && (record["step"] == step || record["why"]["for"] == step || step.is_empty())
}

/// Kills at each of these records, in a world each, all at the same time, and expects every resume to end well.
fn table(signer: Signer, points: &[(&str, &str)]) {
    let results: Vec<Result<Cut, Value>> = std::thread::scope(|scope| {
        let worlds: Vec<_> = points
            .iter()
            .map(|(name, step)| scope.spawn(move || crash(signer, |record| is(record, name, step))))
            .collect();
        worlds.into_iter().map(|world| world.join().unwrap()).collect()
    });
    for (point, result) in points.iter().zip(results) {
        let wanted = if ["begin", "plan", "asked"].contains(&point.0) { 7 } else { 0 };
        assert!(result.as_ref().is_ok_and(|cut| cut.exit == wanted), "{point:?}: {result:?}");
    }
}

/// How many worlds at a time.
const TOGETHER: usize = 8;

/// Kills after the first record, after the second, and so on, until a run is through before it would be killed.
/// Every resume ends well, or refuses with nothing left that could sign.
fn all(signer: Signer) {
    let mut from = 1;
    loop {
        let results: Vec<(usize, Result<Cut, Value>)> = std::thread::scope(|scope| {
            let worlds: Vec<_> = (from..from + TOGETHER)
                .map(|n| {
                    let mut seen = 0;
                    let here = move |_: &Value| {
                        seen += 1;
                        seen == n
                    };
                    (n, scope.spawn(move || crash(signer, here)))
                })
                .collect();
            worlds.into_iter().map(|(n, world)| (n, world.join().unwrap())).collect()
        });
        for (n, cut) in &results {
            if let Ok(Cut { at, exit, why, took }) = cut {
                eprintln!("{signer:?} {n:2} {at:40} exit {exit} after {:3} s: {why}", took.as_secs());
            }
        }
        if results.iter().all(|(_, cut)| cut.is_err()) {
            return;
        }
        from += TOGETHER;
    }
}

/// `make crash` sets this to `all`.
pub(crate) fn whole_proof() -> bool {
    std::env::var("FAILOVER_CRASH").is_ok_and(|which| which == "all")
}

#[test]
fn a_tezsign_run_that_is_killed_is_resumed() {
    if whole_proof() {
        return all(Signer::TezSign);
    }
    table(
        Signer::TezSign,
        &[
            ("begin", ""),
            ("before", "stop-primary"),
            ("after", "stop-primary"),
            ("after", "note-level"),
            ("before", "unlock"),
            ("after", "unlock"),
            ("before", "raise"),
            ("before", "start"),
            ("after", "start"),
            ("wait", "quarantine"),
        ],
    );
}

#[test]
fn a_ledger_run_that_is_killed_is_resumed() {
    if whole_proof() {
        return all(Signer::Ledger);
    }
    table(Signer::Ledger, &[("after", "stop-primary"), ("before", "authorize"), ("before", "start")]);
}
