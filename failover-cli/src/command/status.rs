//! `status`: devices, marks, keys, bakers, chain, guard and journal in one screen. Looks, and changes nothing.

use std::path::PathBuf;

use failover_core::baker::{BakerControl, BakerState};
use failover_core::decision::Step;
use failover_core::failover::PreviousRun;
use failover_core::journal::record::{Record, StepResult};
use failover_core::journal::{Entry, Journal};
use failover_core::lock::{FileLock, Holder};
use failover_core::session::open;
use failover_core::state::{Latch, StateDir};
use serde::Serialize;

use super::run::finished;
use super::{guard, hwm, level};
use crate::failure::Failure;
use crate::output::{End, Output};
use crate::settings::Settings;

/// One line of the screen.
#[derive(Serialize)]
#[serde(tag = "record", rename = "status")]
struct Line {
    what: &'static str,
    says: String,
    /// The journal of a run that was interrupted, and is to be taken up again or stood down.
    #[serde(skip_serializing_if = "Option::is_none")]
    unfinished: Option<PathBuf>,
}

impl Line {
    const fn new(what: &'static str, says: String) -> Self {
        Self { what, says, unfinished: None }
    }
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:<9} {}", self.what, self.says)
    }
}

/// Shows everything that can be seen; what cannot is said, and is no reason to stop.
///
/// # Errors
/// There is no configuration.
pub(crate) fn run(settings: &Settings, out: &mut Output) -> Result<End, Failure> {
    let config = settings.config()?;
    let mut first = None;
    for section in [level::run, hwm::show, guard::status] {
        if let Err(failure) = section(settings, out) {
            out.warn(&failure);
            first = Some(failure.next);
        }
    }
    let (says, primary) = match open::primary(&config)? {
        None => ("the configuration has no way to reach it".to_owned(), Bakes::Unknown),
        Some(mut control) => services(&mut *control),
    };
    out.show(&Line::new("primary", says));
    let (says, backup) = services(&mut *open::control(&config.backup)?);
    out.show(&Line::new("backup", says));
    let running = FileLock::holder_under(&config.root(), config.baker.chain, config.baker.address);
    if let Some(holder) = &running {
        out.show(&Line::new("running", holder.to_string()));
        // It has the device, and whatever else cannot be seen beside it.
        first = None;
    }
    match StateDir::existing(settings.state()) {
        Ok(state) => {
            let (line, then) = last_run(&state, running.as_ref());
            out.show(&line);
            // What stands in the way is done first.
            first = match (first, then) {
                (Some(first), Some(then)) => Some(format!("{first}; then {then}")),
                (first, then) => first.or(then),
            };
        }
        Err(error) => out.show(&Line::new("journal", error.to_string())),
    }
    Ok(End::done(first.unwrap_or_else(|| follows(primary, backup).to_owned())))
}

/// Does a machine run what signs?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bakes {
    Yes,
    No,
    Unknown,
}

/// What follows from who bakes, where nothing else is to be done first.
const fn follows(primary: Bakes, backup: Bakes) -> &'static str {
    match (primary, backup) {
        (Bakes::Yes, Bakes::No) => "nothing needs to be done; `failover check` says whether this backup is ready",
        (Bakes::No, Bakes::Yes) => "nothing needs to be done: this machine bakes; `failover watch` looks after it",
        (Bakes::Yes, Bakes::Yes) => {
            "both machines run what signs: stop one of them at once; `failover stand-down` stops this one"
        }
        (Bakes::No, Bakes::No) => "nobody bakes: `failover run` bakes here",
        (Bakes::Unknown, Bakes::Yes) => {
            "this machine bakes; make sure that the primary does not, which is not seen from here: `failover activity`"
        }
        (Bakes::Unknown, Bakes::No) => {
            "whether the primary bakes is not seen from here: `failover activity` shows what it signed last; if it is down, \
             `failover run`"
        }
        (_, Bakes::Unknown) => {
            "whether this machine bakes is not known: make its services answer, then `failover status`"
        }
    }
}

/// Where a run may be taken up again.
const GOES_ON: &str = "run `failover resume` to go on, or `failover stand-down`";
/// Where a run that is over has stopped the primary, and started nobody.
const LEADS_OUT: &str = "`failover run` bakes here; or give the primary its job back with `failover return`";

/// Has this run stopped the primary, and nobody was started since, neither here nor by a `return` there?
fn left_nobody(entries: &[Entry<Record>]) -> bool {
    let gave_back = |entry: &Entry<Record>| {
        matches!(&entry.record, Record::After { step: Step::GiveBack { .. }, result: StepResult::Done { .. }, .. })
    };
    let kept = PreviousRun::of(entries).map(|past| past.kept);
    kept.is_some_and(|kept| kept.stop_sent && kept.started.is_none()) && !entries.iter().any(gave_back)
}

fn services(control: &mut dyn BakerControl) -> (String, Bakes) {
    let name = control.describe();
    match control.state() {
        Ok(BakerState::Running { what }) => (format!("{name}: running {}", what.join(", ")), Bakes::Yes),
        Ok(BakerState::Stopped { checked }) => (format!("{name}: stopped ({})", checked.join(", ")), Bakes::No),
        Err(error) => (format!("{name}: unknown: {error}"), Bakes::Unknown),
    }
}

/// What to do beside a command that lives.
fn let_it_end(running: &Holder) -> String {
    let process = running.pid.map_or_else(|| "its process".to_owned(), |pid| format!("process {pid}"));
    format!("let it end; where it hangs: `failover stand-down`, then end {process}")
}

/// How the last run stands, and what follows from it. `running`: who holds this machine's lock.
fn last_run(state: &StateDir, running: Option<&Holder>) -> (Line, Option<String>) {
    let (latch, latched) = match state.latch() {
        Latch::Open => (String::new(), false),
        Latch::Latched(seen) => (format!("; a duplicate was seen at {}", seen.at), true),
        Latch::Unknown(error) => (format!("; {error}"), true),
    };
    let mut unfinished = None;
    let (says, next) = match state.newest::<Record>() {
        Ok(None) => ("no run yet".to_owned(), None),
        Ok(Some((path, Journal { entries, .. }))) => {
            let (stopped, over) = (left_nobody(&entries), finished(&entries));
            let what = if stopped { ", and the primary was stopped by it" } else { "" };
            match (over, running) {
                (true, _) => (format!("the last run is over{what}"), stopped.then_some(LEADS_OUT)),
                (false, Some(_)) => (format!("a run is in progress{what}: {}", path.display()), None),
                (false, None) => {
                    let says = format!("a run was interrupted{what}: {}", path.display());
                    unfinished = Some(path);
                    (says, Some(GOES_ON))
                }
            }
        }
        Err(error) => (error.to_string(), None),
    };
    // Before that nothing else is done.
    let next = match running {
        _ if latched => Some("find the machine that signed, then run `failover clear`".to_owned()),
        Some(running) => Some(let_it_end(running)),
        None => next.map(str::to_owned),
    };
    (Line { what: "journal", says: format!("{says}{latch}"), unfinished }, next)
}
