//! The run before the watch: what it noted, and where a duplicate is written down beside it.

use std::path::{Path, PathBuf};

use super::role::Taken;
use crate::clock::Timestamp;
use crate::decision::{Kept, Policy};
use crate::facts::Unknown;
use crate::failover::PreviousRun;
use crate::guard::Token;
use crate::journal::record::Record;
use crate::journal::{self, JournalError, JournalFile};
use crate::state::{PlanId, StateDir, StateError};

/// The run that the token names.
#[derive(Debug, Clone)]
pub(super) struct After {
    pub(super) plan: PlanId,
    pub(super) journal: PathBuf,
    pub(super) kept: Kept,
}

/// Finds the run on whose word this machine bakes; `None` where it left no journal, or no start in it.
///
/// # Errors
/// There is a journal, and it cannot be read.
pub(super) fn after(state: &StateDir, policy: &Policy, token: &Token) -> Result<Option<After>, Unknown> {
    let because = |error: StateError| Unknown { why: error.to_string(), next: error.next().to_owned() };
    // A person lifted it: there was no run.
    let Some(named) = token.plan() else { return Ok(None) };
    let name = format!("-{named}.jsonl");
    for path in state.journals().map_err(because)? {
        if !path.file_name().is_some_and(|file| file.to_string_lossy().ends_with(&name)) {
            continue;
        }
        let found = journal::read::<Record>(&path)
            .map_err(|error| Unknown { why: error.to_string(), next: error.next().to_owned() })?;
        let Some(past) = PreviousRun::of(&found.entries) else { continue };
        let PreviousRun { plan, policy: of, kept, .. } = past;
        let this = plan == named && of.baker == policy.baker && of.chain == policy.chain;
        if this && kept.noted.is_some() && kept.started.is_some() {
            return Ok(Some(After { plan, journal: path, kept }));
        }
    }
    Ok(None)
}

/// The journal in which a duplicate is written down: the run's own, or a new one where there was no run.
///
/// # Errors
/// It cannot be written, or a run still writes it and will say so itself.
pub(super) fn write_down(
    state: &StateDir,
    policy: &Policy,
    run: Option<&Path>,
    at: Timestamp,
    records: &[Record],
) -> Result<(), StateError> {
    let mut file = match run {
        Some(path) => JournalFile::<Record>::reopen(path)?.0,
        None => {
            let Ok(plan) = PlanId::random() else { return Ok(()) };
            let mut file = state.create_journal(at, plan)?;
            let version = env!("CARGO_PKG_VERSION").to_owned();
            append(
                &mut file,
                at,
                &Record::Begin { version, plan, policy: policy.clone(), locks: Vec::new(), run: None },
            )?;
            file
        }
    };
    records.iter().try_for_each(|record| append(&mut file, at, record))
}

fn append(file: &mut JournalFile<Record>, at: Timestamp, record: &Record) -> Result<(), StateError> {
    let written: Result<u64, JournalError> = file.append(at, record);
    Ok(written.map(|_| ())?)
}

/// The token that a machine bakes on the word of.
pub(super) const fn token(taken: &Taken) -> Option<&Token> {
    match taken {
        Taken::Token(token) => Some(token),
        Taken::Device | Taken::Sentinel => None,
    }
}
