//! Consensus keys that were active before: what one signed at its levels comes late, and is this baker's own past where the
//! device holds that key (S8, H39). The rule of a run and of a watch.

use super::progress::{Progress, Started};
use crate::facts::{Delegate, DeviceState, Facts, KeyRole, KeyState, Mark, Marks};
use crate::tezos::{KeyHash, Position};

/// Former keys that are remembered. Each was active for a cycle at least.
const KEPT: usize = 4;

/// The active consensus key as the chain says it, and those that were active before while it was watched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Followed {
    active: Option<KeyHash>,
    former: Vec<KeyHash>,
}

impl Followed {
    /// Takes in what the chain says now.
    pub fn look(&mut self, delegate: &Delegate) {
        let active = delegate.keys.iter().find(|k| k.role == KeyRole::Consensus && k.from_cycle.is_none());
        let Some(now) = active.map(|k| k.key) else { return };
        if let Some(before) = self.active.replace(now).filter(|before| *before != now) {
            self.former.push(before);
            self.former.drain(..self.former.len().saturating_sub(KEPT));
        }
        self.former.retain(|key| *key != now);
    }
}

/// The device's marks, as they are now, of every key on it that was this baker's consensus key and is not any more. A run
/// that was taken up again did not see the change: there it is a key that it armed, and that the chain expects no more.
pub(super) fn marks(facts: &Facts, progress: &Progress, device: &DeviceState) -> Vec<Marks> {
    let gone = |key: &KeyState| {
        let Ok(delegate) = &facts.chain.delegate else { return false };
        progress.signers.contains(&key.name) && !delegate.value.keys.iter().any(|expected| expected.key == key.key)
    };
    let former = device.keys.iter().filter(|key| progress.followed.former.contains(&key.key) || gone(key));
    former.filter_map(|key| key.marks).collect()
}

/// The marks that the active key was set to. Where another one was active at the start, it was raised to the floor with
/// it: below the floor it has signed nothing.
pub(super) fn set(started: &Started, former: &[Marks]) -> Marks {
    match former {
        [] => started.marks,
        _ => Marks::all(Mark::at(Position::start_of(started.floor))),
    }
}
