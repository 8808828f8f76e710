//! What became of the primary's seed nonces (H16).

use crate::decision::{NonceOutcome, Step};
use crate::journal::Entry;
use crate::journal::record::{Record, StepResult};

/// What became of them, as it was known last.
pub(super) fn nonces(entries: &[Entry<Record>]) -> Option<NonceOutcome> {
    entries.iter().rev().find_map(|entry| match &entry.record {
        Record::After { result: StepResult::Done { nonces: Some(merged), .. }, .. } => {
            Some(NonceOutcome::Merged(merged.clone()))
        }
        Record::After { step: Step::MergeNonces { .. }, result: StepResult::Failed { why, nonces, .. }, .. } => {
            Some(NonceOutcome::Missing { why: why.clone(), theirs: *nonces })
        }
        _ => None,
    })
}
