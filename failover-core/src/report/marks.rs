//! The marks, before and after.

use crate::clock::Timestamp;
use crate::facts::{KeyName, Marks};
use crate::journal::Entry;
use crate::journal::record::{Record, StepResult};

/// The marks of one key.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct KeyMarks {
    /// Which key.
    pub key: KeyName,
    /// Before the run raised them first.
    pub before: Marks,
    /// As they were read back last.
    pub after: Marks,
    /// When that was.
    pub at: Timestamp,
    /// How often they were raised.
    pub times: usize,
}

pub(super) fn marks(entries: &[Entry<Record>]) -> Vec<KeyMarks> {
    let mut all: Vec<KeyMarks> = Vec::new();
    for Entry { at, record, .. } in entries {
        let Record::After { step, result: StepResult::Done { raised, .. }, .. } = record else { continue };
        if !step.raises() {
            continue;
        }
        for raised in raised {
            match all.iter_mut().find(|known| known.key == raised.key) {
                Some(known) => {
                    (known.after, known.at) = (raised.after, *at);
                    known.times = known.times.saturating_add(1);
                }
                None => all.push(KeyMarks {
                    key: raised.key.clone(),
                    before: raised.before,
                    after: raised.after,
                    at: *at,
                    times: 1,
                }),
            }
        }
    }
    all
}
