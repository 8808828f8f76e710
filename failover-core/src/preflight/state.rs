//! The state folder: its latch, its journals, its room.

use super::not_ready;
use crate::decision::Refusal;
use crate::journal::is_over;
use crate::journal::record::Record;
use crate::state::{Latch, PlanId, StateDir, StateError};

/// What is written as a test. A disk that is full has no room for it; one that fills up later ends the run as a journal
/// that cannot be written does.
const ROOM: usize = 4 * 1024;

/// No duplicate is latched (S8).
///
/// # Errors
/// [`Refusal::Latched`]; or whether there is one cannot be read.
pub fn no_duplicate(state: &StateDir) -> Result<(), Refusal> {
    match state.latch() {
        Latch::Open => Ok(()),
        Latch::Latched(seen) => Err(Refusal::Latched { at: seen.at }),
        Latch::Unknown(error) => Err(unusable(&error)),
    }
}

/// No run in the state folder is unfinished, but for the one with the plan `but`.
///
/// # Errors
/// [`Refusal::Unfinished`]; or the journals cannot be read.
pub fn no_other_run(state: &StateDir, but: Option<PlanId>) -> Result<(), Refusal> {
    let over = |entries: &[crate::journal::Entry<Record>]| {
        let plan = entries.first().and_then(|entry| match &entry.record {
            Record::Begin { plan, .. } => Some(*plan),
            _ => None,
        });
        is_over(entries) || (but.is_some() && plan == but)
    };
    match state.unfinished(over).map_err(|error| unusable(&error))? {
        Some((path, _)) => Err(Refusal::Unfinished { run: path.display().to_string() }),
        None => Ok(()),
    }
}

/// The journal of a run fits, and what is written stays.
pub(super) fn room(state: &StateDir) -> Result<(), Refusal> {
    state.has_room(ROOM).map_err(|error| unusable(&error))
}

pub(crate) fn unusable(error: &StateError) -> Refusal {
    not_ready("the state folder", error.to_string(), error.next())
}
