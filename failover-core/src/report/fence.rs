//! The fence's rungs, as they stood last, and since when.

use crate::clock::Timestamp;
use crate::decision::{Path, Rung, Step};
use crate::journal::Entry;
use crate::journal::record::{Record, StepResult};

use super::planned;

/// A rung of the fence.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Proof {
    /// The rung as it stood last.
    #[serde(flatten)]
    pub rung: Rung,
    /// Since when it is proven, where it is.
    pub since: Option<Timestamp>,
}

/// How the primary was fenced, or was to be.
pub(super) fn path(entries: &[Entry<Record>]) -> Option<Path> {
    let fenced = entries.iter().rev().find_map(|entry| match &entry.record {
        Record::Fence { path, .. } | Record::Before { step: Step::Start { path, .. }, .. } => Some(*path),
        _ => None,
    });
    fenced.or_else(|| planned(entries).map(|plan| plan.path))
}

/// The rungs of the last record of the fence. Where a rung was lost and proven again, the later time counts.
pub(super) fn proofs(entries: &[Entry<Record>]) -> Vec<Proof> {
    let mut proofs: Vec<Proof> = Vec::new();
    for Entry { at, record, .. } in entries {
        let Record::Fence { rungs, .. } = record else { continue };
        let before = std::mem::take(&mut proofs);
        for rung in rungs {
            let known = before.iter().find(|proof| proof.rung.kind == rung.kind).and_then(|proof| proof.since);
            let since = rung.proven.then(|| known.unwrap_or(*at));
            proofs.push(Proof { rung: rung.clone(), since });
        }
    }
    proofs
}

/// When the backup's baker was started last.
pub(super) fn started(entries: &[Entry<Record>]) -> Option<Timestamp> {
    entries.iter().rev().find_map(|entry| match &entry.record {
        Record::After { step: Step::Start { .. }, result: StepResult::Done { .. }, .. } => Some(entry.at),
        _ => None,
    })
}
