//! `/helpers/validators`: may the baker vote at a level, and in which slot?
//!
//! Asked rather than `attestation_rights`, because its slot is the one that operations carry whether or not all
//! bakers attest (`baking.ml`, protocol 024), and because `octez-baker` itself lives on it.

use serde::Deserialize;

use crate::chain::block::level;
use crate::tezos::{KeyHash, Level};

/// Either generation of the answer.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum RawValidators {
    /// Protocol 024 and later; also the empty list.
    Committees(Vec<Committee>),
    /// Protocol 023.
    Flat(Vec<Flat>),
}

#[derive(Deserialize)]
pub(super) struct Committee {
    level: u64,
    all_bakers_attest_activated: Option<bool>,
    delegates: Vec<Member>,
}

#[derive(Deserialize)]
struct Member {
    delegate: KeyHash,
    attestation_slot: u16,
}

#[derive(Deserialize)]
pub(super) struct Flat {
    level: u64,
    delegate: KeyHash,
    slots: Vec<u16>,
}

impl RawValidators {
    /// Every level that the baker may vote for, all of which must be `asked` for.
    pub(super) fn levels(&self, baker: &KeyHash, asked: impl Fn(Level) -> bool) -> Result<Vec<Level>, String> {
        let ours = |committee: &Committee| committee.delegates.iter().any(|member| member.delegate == *baker);
        let mut levels: Vec<u64> = match self {
            Self::Committees(committees) => {
                committees.iter().filter(|&committee| ours(committee)).map(|committee| committee.level).collect()
            }
            Self::Flat(members) => {
                members.iter().filter(|member| member.delegate == *baker).map(|member| member.level).collect()
            }
        };
        levels.sort_unstable();
        levels.dedup();
        let checked = |at: u64| {
            let level = level(at)?;
            if asked(level) { Ok(level) } else { Err(format!("rights of level {at}, which were not asked for")) }
        };
        levels.into_iter().map(checked).collect()
    }

    /// Do all bakers attest at these levels? `None`: the answer does not say, or not the same for all of them.
    pub(super) fn all_bakers_attest(&self) -> Option<bool> {
        match self {
            Self::Flat(members) => (!members.is_empty()).then_some(false),
            Self::Committees(committees) => {
                let first = committees.first()?.all_bakers_attest_activated;
                first.filter(|_| committees.iter().all(|committee| committee.all_bakers_attest_activated == first))
            }
        }
    }

    /// The baker's slot at the level; `None` where it has no right to vote.
    pub(super) fn slot(&self, baker: &KeyHash, level: Level) -> Result<Option<u16>, String> {
        let asked = |at: u64| {
            if at == level.get() {
                Ok(())
            } else {
                Err(format!("rights of level {at} where those of {} were asked", level.get()))
            }
        };
        let mut slot = None;
        match self {
            Self::Committees(committees) => {
                for committee in committees {
                    asked(committee.level)?;
                    let ours = committee.delegates.iter().find(|member| member.delegate == *baker);
                    slot = slot.or(ours.map(|member| member.attestation_slot));
                }
            }
            Self::Flat(members) => {
                for member in members {
                    asked(member.level)?;
                    if member.delegate == *baker {
                        // The mempool takes a vote at the smallest slot only.
                        slot = Some(*member.slots.iter().min().ok_or("a validator without slots")?);
                    }
                }
            }
        }
        Ok(slot)
    }
}
