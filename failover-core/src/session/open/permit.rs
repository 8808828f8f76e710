//! The permit of a run (S13), and what an interrupted one left.

use std::path::Path;

use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::guard::GuardNote;
use crate::journal::record::Record;
use crate::journal::{self, Entry, PreviousRun};
use crate::permit::{RunId, RunPermit};
use crate::session::{SessionError, SetupError, past};
use crate::state::{StateDir, StateError};

/// How many journals are looked through for runs of this machine.
const JOURNALS: usize = 100;

/// The permit of a run on this machine: not made yet. Runs in the journals here are known as its own.
///
/// # Errors
/// The journals cannot be listed.
pub fn permit(config: &Config, state: &StateDir, run: RunId) -> Result<RunPermit, StateError> {
    let journals = state.journals()?.into_iter().take(JOURNALS);
    // A journal that cannot be read names no run: its claim, if it left one, is then another's.
    let known =
        journals.filter_map(|path| PreviousRun::of(&journal::read::<Record>(&path).ok()?.entries)?.run).collect();
    let permits = config.root().of(config.baker.chain, config.baker.address);
    Ok(RunPermit { permits, run, who: GuardNote::here(SystemClock.now(), None).by, known })
}

/// A run begins: a stop from now on is one of this run, though locks, node and devices are still to be opened (S14).
///
/// # Errors
/// It cannot be written. Then no permit could be made either.
pub fn begin(config: &Config) -> Result<RunId, SessionError> {
    let run = RunId::random()?;
    config.root().of(config.baker.chain, config.baker.address).begin(&run)?;
    Ok(run)
}

/// What an interrupted run left, where this configuration is the one that it was begun with.
///
/// # Errors
/// It does not begin as a run does, or it is about something else.
pub fn previous_run(path: &Path, entries: &[Entry<Record>], config: &Config) -> Result<PreviousRun, SessionError> {
    let Some(past) = PreviousRun::of(entries) else {
        return Err(SetupError::NoBeginning { path: path.to_owned() }.into());
    };
    let (baker, chain) = (config.baker.address, config.baker.chain);
    past::is_about(&past, (baker, chain), (config.primary.signer.is_some(), config.primary.host()))?;
    Ok(past)
}
