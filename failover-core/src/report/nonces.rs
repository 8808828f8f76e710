//! What became of the primary's seed nonces (H16).

use std::fmt;

use crate::decision::Step;
use crate::facts::{Merged, NonceCount};
use crate::journal::Entry;
use crate::journal::record::{Record, StepResult};

/// What became of them, as it was known last.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Nonces {
    /// Merged into the backup's files.
    Merged(Merged),
    /// Not merged.
    Missing {
        /// Why.
        why: String,
        /// How many the primary has, where that is known.
        theirs: Option<NonceCount>,
    },
}

impl fmt::Display for Nonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Merged(merged) => merged.fmt(f),
            Self::Missing { why, theirs: Some(theirs) } => write!(f, "not merged, {theirs} on the primary: {why}"),
            Self::Missing { why, theirs: None } => write!(f, "not merged, how many is unknown: {why}"),
        }
    }
}

pub(super) fn nonces(entries: &[Entry<Record>]) -> Option<Nonces> {
    entries.iter().rev().find_map(|entry| match &entry.record {
        Record::After { result: StepResult::Done { nonces: Some(merged), .. }, .. } => {
            Some(Nonces::Merged(merged.clone()))
        }
        Record::After { step: Step::MergeNonces { .. }, result: StepResult::Failed { why, nonces, .. }, .. } => {
            Some(Nonces::Missing { why: why.clone(), theirs: *nonces })
        }
        _ => None,
    })
}
