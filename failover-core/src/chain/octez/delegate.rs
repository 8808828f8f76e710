//! `/context/delegates/<baker>`: the keys that the chain expects.

use super::claim::Ed25519;
use crate::chain::block::{Metadata, level};
use crate::chain::number::Number;
use crate::chain::text::clipped;
use crate::chain::{Delegate, Denunciation, ExpectedKey, KeyRole};
use crate::tezos::{KeyHash, Kind, Position, Round};
use serde::Deserialize;
use serde_json::Value;

/// Shape since protocol 023 (Octez v25.1); the older names (`active_consensus_key`) are not read.
#[derive(Deserialize)]
pub(super) struct RawDelegate {
    deactivated: bool,
    is_forbidden: bool,
    /// Empty where there are none, and never absent.
    denunciations: Vec<Value>,
    /// Asked for at the end of a run only, so its absence spoils nothing else.
    participation: Option<Value>,
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
    /// Only to verify a vote with: its absence spoils nothing else.
    pk: Option<Value>,
}

#[derive(Deserialize)]
struct PendingKey {
    cycle: u64,
    pkh: KeyHash,
    pk: Option<Value>,
}

/// What a denunciation is about; `misbehaviour` since protocol 022.
#[derive(Deserialize)]
struct Misbehaviour {
    level: u64,
    round: Round,
    kind: Kind,
}

/// Whatever stands in the list is a denunciation, in whatever shape.
fn denunciation(raw: &Value) -> Denunciation {
    let operation = raw.get("operation_hash").and_then(Value::as_str).unwrap_or("of unknown hash");
    let what = raw.get("misbehaviour").and_then(|what| Misbehaviour::deserialize(what).ok());
    let what = what.and_then(|what| Some((what.kind, Position::new(level(what.level).ok()?, what.round))));
    Denunciation { operation: clipped(operation, 60), what }
}

/// `None` is unknown, and never zero (S3).
fn missed_levels(participation: Option<&Value>) -> Option<u64> {
    Number::deserialize(participation?.get("missed_levels")?).ok()?.u64("missed_levels").ok()
}

impl RawDelegate {
    /// The consensus keys, active and pending, that are tz1 keys and are shown whole.
    pub(super) fn tz1_keys(&self) -> Vec<Ed25519> {
        let active = (&self.consensus_key.active.pkh, &self.consensus_key.active.pk);
        let pending = self.consensus_key.pendings.iter().map(|key| (&key.pkh, &key.pk));
        let all = std::iter::once(active).chain(pending);
        all.filter_map(|(hash, public)| Ed25519::read(hash, public.as_ref()?.as_str()?)).collect()
    }

    /// Together with where the head stands: `metadata` is the head's, `earlier_protocol` that of a block below it.
    pub(super) fn at(
        self,
        metadata: Metadata,
        blocks_per_cycle: u64,
        earlier_protocol: String,
    ) -> Result<Delegate, String> {
        let Metadata { level_info: position, voting_period_info, next_protocol, .. } = metadata;
        let period = voting_period_info.ok_or("the head's metadata have no voting_period_info")?;
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
            denunciations: self.denunciations.iter().map(denunciation).collect(),
            missed_levels: missed_levels(self.participation.as_ref()),
            level: level(position.level)?,
            cycle: position.cycle,
            levels_to_next_cycle,
            next_protocol,
            earlier_protocol,
            levels_to_protocol: period.levels_to_protocol(),
        })
    }
}
