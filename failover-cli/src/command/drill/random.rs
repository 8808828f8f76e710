//! `drill --scenario random` and `drill --worlds N`: worlds drawn from seeds, and judged.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;

use failover_sim::Pace;
use failover_sim::plan::Plan;
use failover_sim::soak::{self, Summary};
use serde::Serialize;

use super::watcher;
use crate::args;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{End, Output};

pub(super) const NAME: &str = "random";
pub(super) const ABOUT: &str =
    "a world drawn from --seed: faults on every wire, events, kills and resumes, then judged";

/// Progress is told this many times at most.
const TOLD: u64 = 20;

/// The judgement of one world.
#[derive(Serialize)]
#[serde(tag = "record", rename = "world")]
struct World<'a> {
    seed: u64,
    exit: u8,
    sessions: usize,
    faults: &'a BTreeMap<&'static str, u64>,
    signatures: usize,
    signed_twice: usize,
    wrong: &'a [String],
}

impl fmt::Display for World<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { exit, sessions, faults, signatures, signed_twice, wrong, .. } = self;
        write!(f, "\nexit {exit}, sessions {sessions}, faults on the wires {}, ", counted(faults))?;
        write!(f, "signatures by both machines {signatures}, signed twice {signed_twice}")?;
        wrong.iter().try_for_each(|wrong| write!(f, "\nWRONG: {wrong}"))
    }
}

/// How far it is.
#[derive(Serialize)]
#[serde(tag = "record", rename = "progress")]
struct Progress {
    of: u64,
    worlds: u64,
    failed: usize,
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} worlds, {} failed", self.worlds, self.of, self.failed)
    }
}

/// What became of many.
#[derive(Serialize)]
#[serde(tag = "record", rename = "worlds")]
struct Worlds<'a> {
    worlds: u64,
    done: u64,
    sessions: u64,
    exits: &'a BTreeMap<u8, u64>,
    injected: u64,
    faults: &'a BTreeMap<&'static str, u64>,
    signatures: u64,
    signed_twice: u64,
    failed: u64,
}

impl fmt::Display for Worlds<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { worlds, done, sessions, exits, injected, faults, signatures, signed_twice, failed } = self;
        writeln!(
            f,
            "{worlds} worlds in {sessions} sessions, {done} failovers finished, by exit code {}",
            counted(exits)
        )?;
        writeln!(f, "{injected} faults injected ({})", counted(faults))?;
        write!(
            f,
            "{signatures} signatures, {signed_twice} positions signed twice, {failed} worlds did not end as they must"
        )
    }
}

/// A world that was not as it must be.
#[derive(Serialize)]
#[serde(tag = "record", rename = "failed-world")]
struct Failed<'a> {
    seed: u64,
    replay: String,
    wrong: &'a [String],
}

impl fmt::Display for Failed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.replay, self.wrong.join("; "))
    }
}

fn counted<K: fmt::Display>(counts: &BTreeMap<K, u64>) -> String {
    if counts.is_empty() {
        return "none".to_owned();
    }
    counts.iter().map(|(what, count)| format!("{what}: {count}")).collect::<Vec<_>>().join(", ")
}

fn replay(seed: u64) -> String {
    format!("failover drill --scenario {NAME} --seed {seed}")
}

/// Runs one world and shows it.
///
/// # Errors
/// The scratch folder cannot be used.
pub(super) fn one(seed: u64, pace: args::Pace, out: &mut Output) -> Result<End, Failure> {
    let plan = Plan::of(seed).paced(if pace == args::Pace::Fast { Pace::Fast } else { Pace::Real });
    out.line(format!("Drill {NAME} (simulated {}, seed {seed}):\n    {}\n", plan.model(), plan.about()));
    out.begin_screen(pace == args::Pace::Real);
    let trial = soak::one(&plan, &watcher(out))?;
    out.show(&World {
        seed,
        exit: trial.exit(),
        sessions: trial.ends.len(),
        faults: &trial.injected,
        signatures: trial.signatures,
        signed_twice: trial.signed_twice,
        wrong: &trial.wrong,
    });
    if trial.wrong.is_empty() {
        return Ok(End::done("another seed is another world; `failover drill --worlds 1000` judges many"));
    }
    out.error("this world did not end as it must");
    Ok(End::new(Exit::Failed, format!("report this as a fault of failover: {}", replay(seed))))
}

/// Runs many, and sums up.
///
/// # Errors
/// A scratch folder cannot be used.
pub(super) fn many(worlds: u64, from: u64, out: &mut Output) -> Result<End, Failure> {
    let every = worlds.div_ceil(TOLD).max(1);
    let screen = Mutex::new(out.another());
    let told = |so_far: &Summary| {
        if so_far.worlds.is_multiple_of(every)
            && let Ok(mut screen) = screen.lock()
        {
            screen.show(&Progress { of: worlds, worlds: so_far.worlds, failed: so_far.failed.len() });
        }
    };
    let summary = soak::soak(from, worlds, Plan::of, told)?;
    for (seed, wrong) in &summary.failed {
        out.show(&Failed { seed: *seed, replay: replay(*seed), wrong });
    }
    out.show(&Worlds {
        worlds: summary.worlds,
        done: summary.done(),
        sessions: summary.sessions,
        exits: &summary.exits,
        injected: summary.faults(),
        faults: &summary.injected,
        signatures: summary.signatures,
        signed_twice: summary.signed_twice,
        failed: summary.failed.len() as u64,
    });
    match summary.failed.first_key_value() {
        None => Ok(End::done("every world ended as it must; other seeds are other worlds: --seed N")),
        Some((seed, _)) => Ok(End::new(Exit::Failed, format!("report this as a fault of failover: {}", replay(*seed)))),
    }
}
