//! What waiting costs.

use super::Now;
use crate::chain::{Constants, Earnings};
use crate::tezos::Mutez;

/// What waiting costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct WaitingPrice {
    /// A minute's own blocks, on average over a cycle: with every vote in them, without fees.
    pub blocks_a_minute: Mutez,
    /// What waiting may cost in votes; `None`: the baker has no rights in this cycle.
    pub votes: Option<VotesPrice>,
}

/// What waiting may cost in votes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct VotesPrice {
    /// What a cycle's votes pay.
    pub a_cycle: Mutez,
    /// This many seconds from the head on cost nothing of it; afterwards a whole cycle's votes are lost.
    pub free_seconds: u64,
    /// This cycle's are lost already; what is told is of the next one.
    pub lost_already: bool,
}

impl WaitingPrice {
    /// `None` where the numbers do not fit.
    pub(super) fn of(earnings: &Earnings, all_attest: Option<bool>, now: &Now) -> Option<Self> {
        let constants = &now.constants;
        let cycle_seconds = u128::from(constants.blocks_per_cycle).checked_mul(constants.block_seconds.into())?;
        let blocks = a_cycle_of(earnings, earnings.block)?;
        let votes = match earnings.participation.expected_slots {
            0 => None,
            _ => Some(VotesPrice::of(earnings, all_attest, now)?),
        };
        Some(Self { blocks_a_minute: blocks.share(60, cycle_seconds)?, votes })
    }
}

/// What a cycle pays the baker, of something that every block pays: its share of the power, times all blocks. The
/// cycle's length is in both, so that only the committee's size is left.
pub(super) fn a_cycle_of(earnings: &Earnings, a_block: Mutez) -> Option<Mutez> {
    a_block.share(earnings.participation.expected_slots.into(), earnings.committee.into())
}

impl VotesPrice {
    fn of(earnings: &Earnings, all_attest: Option<bool>, now: &Now) -> Option<Self> {
        let Now { constants, left_in_cycle, .. } = now;
        let participation = &earnings.participation;
        let lost_already = participation.rewards == Mutez::ZERO;
        let a_cycle = if lost_already { a_cycle_of(earnings, earnings.votes)? } else { participation.rewards };
        let allowed = if lost_already { u64::MAX } else { allowed_levels(earnings, constants, all_attest)? };
        // A baker that may miss the whole rest of this cycle keeps its votes, and then has the next cycle's third to
        // miss.
        let free = match allowed < *left_in_cycle {
            true => allowed,
            false => left_in_cycle.checked_add(tolerated(earnings, constants)?)?,
        };
        let free_seconds = free.checked_mul(constants.block_seconds)?;
        Some(Self { a_cycle, free_seconds, lost_already })
    }
}

/// Levels of a cycle that may be missed at all: a third.
fn tolerated(earnings: &Earnings, constants: &Constants) -> Option<u64> {
    let needed = earnings.minimal_participation;
    let missing = needed.denominator.checked_sub(needed.numerator)?;
    constants.blocks_per_cycle.checked_mul(missing)?.checked_div(needed.denominator)
}

/// Further levels that may be missed in this cycle. Levels are counted where all bakers attest, slots elsewhere; where
/// it is not known which, the smaller number.
fn allowed_levels(earnings: &Earnings, constants: &Constants, all_attest: Option<bool>) -> Option<u64> {
    let participation = &earnings.participation;
    let by_levels = tolerated(earnings, constants)?.saturating_sub(participation.missed_levels);
    // This many slots a level, on average.
    let slots = u128::from(participation.allowed_slots).checked_mul(constants.blocks_per_cycle.into())?;
    let by_slots = u64::try_from(slots.checked_div(participation.expected_slots.into())?).ok()?;
    Some(match all_attest {
        Some(true) => by_levels,
        Some(false) => by_slots,
        None => by_levels.min(by_slots),
    })
}
