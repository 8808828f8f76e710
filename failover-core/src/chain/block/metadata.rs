//! `/blocks/<id>/metadata`: who made a block, and how much power it recorded.

use serde::{Deserialize, Deserializer};

use crate::chain::number::Number;
use crate::tezos::KeyHash;

/// The parts of a block's metadata that say who signed, and where in its cycle it is (Octez v25.1).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(in crate::chain) struct Metadata {
    pub(in crate::chain) protocol: String,
    pub(in crate::chain) next_protocol: String,
    /// Who first proposed the payload.
    pub(in crate::chain) proposer: KeyHash,
    /// Who signed this block.
    pub(in crate::chain) baker: KeyHash,
    pub(in crate::chain) level_info: LevelInfo,
    /// Only a baker's standing needs it: a block is read without.
    pub(in crate::chain) voting_period_info: Option<VotingPeriod>,
    #[serde(default, deserialize_with = "there")]
    pub(in crate::chain) attestations: Recorded,
    #[serde(default, deserialize_with = "there")]
    pub(in crate::chain) preattestations: Recorded,
}

/// Where a block is in its cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(in crate::chain) struct LevelInfo {
    pub(in crate::chain) level: u64,
    pub(in crate::chain) cycle: u64,
    /// From 0.
    pub(in crate::chain) cycle_position: u64,
}

/// Where a block is in its voting period (`voting_period_info`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(in crate::chain) struct VotingPeriod {
    voting_period: PeriodKind,
    /// Blocks that come after this one in the period.
    remaining: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct PeriodKind {
    kind: String,
}

impl VotingPeriod {
    /// An adoption period ends with the activation of another protocol, always: after so many levels its first block
    /// comes. No other period ends with one.
    pub(in crate::chain) fn levels_to_protocol(&self) -> Option<u64> {
        (self.voting_period.kind == "adoption").then(|| self.remaining.saturating_add(1))
    }
}

/// How much voting power a block says that it holds, of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::chain) enum Recorded {
    /// The field is not there: a protocol before 024.
    #[default]
    Absent,
    /// `null`: there are no votes of this kind.
    None,
    /// That much, in slots or in baking power.
    Power(u128),
}

fn there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Recorded, D::Error> {
    #[derive(Deserialize)]
    struct Power {
        recorded_power: Number,
    }
    Ok(Option::<Power>::deserialize(deserializer)?.map_or(Recorded::None, |p| Recorded::Power(p.recorded_power.0)))
}
