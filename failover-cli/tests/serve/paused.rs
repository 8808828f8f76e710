//! H41: a run whose process stands still right before the start.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::world::{Signer, World, until};

/// Longer than what decided a start may be old: blocks come every second here.
const BLOCKS: u64 = 35;

fn signal(pid: u32, which: &str) {
    assert!(Command::new("kill").args([which, &pid.to_string()]).status().unwrap().success());
}

/// The silence is proven: the start comes next.
fn fenced(record: &Value) -> bool {
    let silent =
        |rung: &Value| rung["name"].as_str().is_some_and(|name| name.starts_with("silent")) && rung["proven"] == true;
    record["record"] == "fence" && record["rungs"].as_array().is_some_and(|rungs| rungs.iter().any(silent))
}

fn starts(record: &Value) -> bool {
    record["record"] == "before" && record["step"] == "start"
}

/// Stops the run there, lets the world go on, and lets the run go on. False where it was too late for that.
fn stopped_and_continued() -> bool {
    let world = World::new(Signer::TezSign);
    let plan = world.plan();
    let mut command = world.program(&["run", "--yes", "--confirm-disconnected", &plan]);
    let mut run = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(run.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut read = || -> Option<Value> { Some(serde_json::from_str(&lines.next()?).unwrap()) };
    while !fenced(&read().unwrap()) {}
    signal(run.id(), "-STOP");
    if world.journal().iter().any(starts) {
        signal(run.id(), "-KILL");
        run.wait().unwrap();
        return false;
    }
    let stopped = world.head();
    until("the world moves on", || world.head() >= stopped + BLOCKS);
    let continued = world.head();
    signal(run.id(), "-CONT");
    let records: Vec<Value> = std::iter::from_fn(read).collect();
    assert_eq!(run.wait().unwrap().code(), Some(0), "{records:#?}");
    // What it had seen before would have started it at a floor that the chain has passed since.
    let started = records.iter().find(|record| starts(record)).unwrap();
    assert!(started["floor"].as_u64().unwrap() >= continued, "{started}, and the head was {continued}");
    let raised = records.iter().any(|record| record["record"] == "before" && record["step"] == "raise");
    assert!(raised, "{records:#?}");
    let book = world.book();
    assert!(book.backup > 0 && world.bakes("backup") && !world.bakes("primary"), "{book:?}");
    true
}

#[test]
fn h41_a_run_that_stood_still_before_the_start_looks_anew() {
    // A machine that is very busy may stop the run too late, once in a while.
    assert!((0..5).any(|_| stopped_and_continued()), "the run was never stopped in time");
}
