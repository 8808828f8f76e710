//! `/context/delegates/<baker>`: the keys that the chain expects.

use serde::Deserialize;

use super::metadata::LevelInfo;
use crate::chain::{Delegate, ExpectedKey, KeyRole};
use crate::tezos::KeyHash;

/// Shape since protocol 023 (Octez v25.1); the older names (`active_consensus_key`) are not read.
#[derive(Deserialize)]
pub(super) struct RawDelegate {
    deactivated: bool,
    is_forbidden: bool,
    consensus_key: ConsensusKey,
    companion_key: CompanionKey,
}

#[derive(Deserialize)]
struct ConsensusKey {
    active: Key,
    /// Absent when there is none.
    #[serde(default)]
    pendings: Vec<PendingKey>,
}

#[derive(Deserialize)]
struct CompanionKey {
    /// `null` for a baker that has none; without the field the shape is unknown.
    #[serde(deserialize_with = "Option::deserialize")]
    active: Option<Key>,
    #[serde(default)]
    pendings: Vec<PendingKey>,
}

#[derive(Deserialize)]
struct Key {
    pkh: KeyHash,
}

#[derive(Deserialize)]
struct PendingKey {
    cycle: u64,
    pkh: KeyHash,
}

impl RawDelegate {
    /// Together with where the head stands in its cycle.
    pub(super) fn at(
        self,
        position: &LevelInfo,
        blocks_per_cycle: u64,
        next_protocol: String,
    ) -> Result<Delegate, String> {
        let key = |role, from_cycle| move |key| ExpectedKey { key, role, from_cycle };
        let pending = |role| move |p: PendingKey| ExpectedKey { key: p.pkh, role, from_cycle: Some(p.cycle) };
        let mut keys = vec![key(KeyRole::Consensus, None)(self.consensus_key.active.pkh)];
        keys.extend(self.consensus_key.pendings.into_iter().map(pending(KeyRole::Consensus)));
        keys.extend(self.companion_key.active.map(|k| k.pkh).map(key(KeyRole::Companion, None)));
        keys.extend(self.companion_key.pendings.into_iter().map(pending(KeyRole::Companion)));
        let levels_to_next_cycle = blocks_per_cycle
            .checked_sub(1)
            .and_then(|last| last.checked_sub(position.cycle_position))
            .ok_or_else(|| format!("position {} in a cycle of {blocks_per_cycle} levels", position.cycle_position))?;
        Ok(Delegate {
            keys,
            deactivated: self.deactivated,
            forbidden: self.is_forbidden,
            cycle: position.cycle,
            levels_to_next_cycle,
            next_protocol,
        })
    }
}
