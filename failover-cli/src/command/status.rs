//! `status`: devices, marks, keys, bakers, chain, guard and journal in one screen. Looks, and changes nothing.

use failover_core::baker::{BakerControl, BakerState};
use failover_core::journal;
use failover_core::journal::record::Record;
use failover_core::state::{Latch, StateDir};
use serde::Serialize;

use super::run::finished;
use super::{guard, hwm, level};
use crate::failure::Failure;
use crate::output::{End, Output};
use crate::parts;
use crate::settings::Settings;

/// One line of the screen.
#[derive(Serialize)]
#[serde(tag = "record", rename = "status")]
struct Line {
    what: &'static str,
    says: String,
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
    let mut next = "nothing needs to be done; `failover check` says whether this backup is ready".to_owned();
    for section in [level::run, hwm::show, guard::status] {
        if let Err(failure) = section(settings, out) {
            out.warn(&failure);
            next = failure.next;
        }
    }
    let primary = config.primary.machine.as_ref().map(parts::open_control).transpose()?;
    for (what, control) in [("primary", primary), ("backup", Some(parts::open_control(&config.backup)?))] {
        let says =
            control.map_or_else(|| "the configuration has no way to reach it".to_owned(), |mut c| services(&mut *c));
        out.show(&Line { what, says });
    }
    match StateDir::existing(settings.state()) {
        Ok(state) => out.show(&Line { what: "journal", says: last_run(&state, &mut next) }),
        Err(error) => out.show(&Line { what: "journal", says: format!("{error}") }),
    }
    Ok(End::done(next))
}

fn services(control: &mut dyn BakerControl) -> String {
    let name = control.describe();
    match control.state() {
        Ok(BakerState::Running { what }) => format!("{name}: running {}", what.join(", ")),
        Ok(BakerState::Stopped { checked }) => format!("{name}: stopped ({})", checked.join(", ")),
        Err(error) => format!("{name}: unknown: {error}"),
    }
}

fn last_run(state: &StateDir, next: &mut String) -> String {
    if !state.latch().is_open() {
        *next = "find the machine that signed, then run `failover clear`".to_owned();
    }
    let latch = match state.latch() {
        Latch::Open => String::new(),
        Latch::Latched(seen) => format!("; a duplicate was seen at {}", seen.at),
        Latch::Unknown(error) => format!("; {error}"),
    };
    let newest = match state.journals() {
        Ok(found) => found.into_iter().next(),
        Err(error) => return error.to_string(),
    };
    let Some(path) = newest else { return format!("no run yet{latch}") };
    match journal::read::<Record>(&path) {
        Ok(found) if finished(&found.entries) => format!("the last run is over{latch}"),
        Ok(_) => {
            *next = "run `failover resume` to go on, or `failover stand-down`".to_owned();
            format!("a run was interrupted: {}{latch}", path.display())
        }
        Err(error) => error.to_string(),
    }
}
