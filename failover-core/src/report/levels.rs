//! The levels that matter.

use crate::decision::{Basis, Refusal, Step};
use crate::facts::Signed;
use crate::journal::Entry;
use crate::journal::record::{End, Record, StepResult};
use crate::tezos::Level;

use super::planned;

/// The levels of a run. `None` and empty: the journal does not know.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
#[non_exhaustive]
pub struct Levels {
    /// The last thing of each kind that the baker was seen to sign before the run: the primary's.
    pub primary: Vec<Signed>,
    /// The head when the plan was made.
    pub planned_at: Option<Level>,
    /// h: the head when the level was noted, once the primary was stopped or said to be off.
    pub head: Option<Level>,
    /// B: the highest level that the primary may have signed.
    pub bound: Option<Level>,
    /// What B comes from.
    pub basis: Option<Basis>,
    /// F: the floor that every mark was read back at or above.
    pub floor: Option<Level>,
    /// The cap that no mark was raised past.
    pub cap: Option<Level>,
    /// The backup's first signature on chain.
    pub backup: Option<Signed>,
    /// The last head that was written down.
    pub last_head: Option<Level>,
    /// Positions that another machine signed.
    pub foreign: Vec<Signed>,
    /// Positions that the backup signed or may have, and the other machine too.
    pub shared: Vec<Signed>,
    /// What the primary still signed above B, where the run was refused for it.
    pub still: Vec<Signed>,
    /// Every level of the quarantine was judged, and nothing was foreign.
    pub judged: bool,
}

impl Levels {
    pub(super) fn of(entries: &[Entry<Record>]) -> Self {
        let mut levels = Self::default();
        if let Some(plan) = planned(entries) {
            levels.planned_at = Some(plan.head);
            // Plans of older versions name the last one only.
            levels.primary = if plan.last_of_kind.is_empty() {
                plan.last_signed.iter().cloned().collect()
            } else {
                plan.last_of_kind.clone()
            };
        }
        for entry in entries {
            levels.take(&entry.record);
        }
        levels
    }

    fn take(&mut self, record: &Record) {
        match record {
            Record::After { step, result: StepResult::Done { .. }, .. } => match step {
                // B takes its first value once in a run and keeps it.
                Step::NoteLevel { head, bound, basis } if self.bound.is_none() => {
                    (self.head, self.bound) = (Some(*head), Some(*bound));
                    self.basis.clone_from(basis);
                }
                Step::Raise { floor, cap, .. } | Step::Authorize { floor, cap, .. } => {
                    (self.floor, self.cap) = (Some(*floor), Some(cap.level()));
                }
                _ => {}
            },
            Record::Plan(plan) => self.last_head = Some(plan.head),
            Record::Wait { head: Some(head), .. } => self.last_head = Some(*head),
            Record::Duplicate { signed, shared } => {
                self.foreign.extend(signed.iter().cloned());
                self.shared.extend(shared.iter().cloned());
            }
            Record::End(End { resumed, refusal, .. }) => {
                if let Some(Refusal::NotSilent { signed }) = refusal {
                    self.still.clone_from(signed);
                }
                if let Some(resumed) = resumed {
                    self.backup = Some(resumed.first.clone());
                    self.last_head = resumed.head.or(self.last_head);
                    self.judged = true;
                }
            }
            _ => {}
        }
    }

    /// The levels above B and below the floor, where the backup cannot sign: whatever is signed there is the primary's.
    #[must_use]
    pub fn quarantine(&self) -> Option<(Level, Level)> {
        let (first, last) = (self.bound?.above(1), self.floor?.below(1)?);
        (first <= last).then_some((first, last))
    }

    /// What the journal does not know of the levels.
    #[must_use]
    pub fn unknown(&self) -> Vec<&'static str> {
        let missing = [
            (self.primary.is_empty(), "the primary's last signatures"),
            (self.head.is_none(), "the head at the primary's stop (h)"),
            (self.bound.is_none(), "the highest level that the primary may have signed (B)"),
            (self.floor.is_none(), "the floor (F): no mark was read back"),
            (self.backup.is_none(), "the backup's first signature"),
        ];
        missing.into_iter().filter_map(|(missing, what)| missing.then_some(what)).collect()
    }

    /// What is to be said of the quarantine.
    pub(super) fn quarantine_words(&self) -> Option<String> {
        let (first, last) = self.quarantine()?;
        let count = last.since(first).saturating_add(1);
        let inside = self.foreign.iter().any(|signed| first <= signed.at.level && signed.at.level <= last);
        let verdict = match (inside, self.judged) {
            (true, _) => "something was signed there",
            (false, true) => "every level was judged, nothing was signed there",
            (false, false) => "whether all were judged is unknown",
        };
        let levels = if count == 1 { "1 level".to_owned() } else { format!("{count} levels") };
        Some(format!("quarantine {first:#} to {last:#}, {levels}: the backup cannot sign there; {verdict}"))
    }
}
