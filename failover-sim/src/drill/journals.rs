//! What the runs of a drill wrote down.

use std::path::Path;

use super::DrillError;
use failover_core::journal;
use failover_core::journal::record::Record;
use failover_core::state::StateDir;

/// The journals of a drill, read back, in the order of its runs.
///
/// # Errors
/// It cannot be read.
pub fn journal_of(scratch: &Path) -> Result<Vec<Record>, DrillError> {
    let state = StateDir::existing(scratch)?;
    let mut records = Vec::new();
    // The oldest run first.
    for path in state.journals()?.into_iter().rev() {
        records.extend(journal::read(&path)?.entries.into_iter().map(|entry| entry.record));
    }
    Ok(records)
}
