//! The active consensus key, followed while it changes (H39).

use crate::facts::{Delegate, KeyRole};
use crate::tezos::KeyHash;

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

    /// Was this key active before, as far as it was watched?
    pub(super) fn was_active(&self, key: &KeyHash) -> bool {
        self.former.contains(key)
    }
}
