//! `clear`: after a duplicate, shows it and lifts the stop on a typed statement.

use std::fmt;

use failover_core::clock::{Clock, SystemClock};
use failover_core::session::open;
use failover_core::state::{Clearance, Duplicate, Latch, StateDir};
use serde::Serialize;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{End, Output};
use crate::prompt;
use crate::settings::Settings;

#[derive(Serialize)]
#[serde(tag = "record", rename = "duplicate")]
struct Seen<'a> {
    #[serde(flatten)]
    seen: &'a Duplicate,
}

impl fmt::Display for Seen<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Duplicate { at, baker, kind, position, evidence, .. } = self.seen;
        write!(f, "At {at} another machine had signed for {baker}: {kind} {position:#}, seen in {evidence}")
    }
}

/// Shows the duplicate, asks, lifts.
///
/// # Errors
/// The state cannot be read or written, or nobody can be asked.
pub(crate) fn run(settings: &Settings, out: &mut Output) -> Result<End, Failure> {
    let config = settings.config()?;
    let state = StateDir::open(settings.state())?;
    // Of this machine only: nothing is armed here, and the next run takes them all.
    let _lock = open::lock_here(&config)?;
    match state.latch() {
        Latch::Open => return Ok(End::done("no duplicate was seen; there is nothing to clear")),
        Latch::Latched(seen) => out.show(&Seen { seen: &seen }),
        Latch::Unknown(error) => out.warn(format!("what was seen cannot be read any more: {error}")),
    }
    let sentence = Clearance::sentence(&config.baker.name);
    let (what, flag) = ("for the statement that clears the duplicate", "a terminal; no flag says it");
    let typed = prompt::typed_sentence(what, flag, "If it is so", &sentence)?;
    let Some(stated) = Clearance::stated(&config.baker.name, &sentence).filter(|_| typed) else {
        return Ok(End::new(Exit::Cancelled, "the backup stays stopped; find the machine that signed"));
    };
    state.clear_duplicate(stated, SystemClock.now())?;
    Ok(End::done("the stop is lifted; start over with `failover run`"))
}
