//! What signing twice costs.

use super::waiting::a_cycle_of;
use crate::chain::{Constants, Earnings};
use crate::tezos::Mutez;

/// A baker that was denounced is forbidden at once, and until the slashing at the end of the next cycle at least; as
/// its rights come from the stake that it no longer has, it often takes longer (`forbidden_delegates_storage.ml`,
/// protocol 025).
pub const FORBIDDEN_CYCLES: u64 = 2;

/// A whole, in hundredths of a percent, which is as fine as the protocol reckons (`percentage.ml`, protocol 025).
const WHOLE: u128 = 10_000;

/// What signing twice costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Twice {
    /// What is frozen, the stakers' part included: they lose with the baker.
    pub staked: Mutez,
    /// The baker's own part of it.
    pub own_staked: Mutez,
    /// What a block signed twice costs.
    pub block: Mutez,
    /// That, of the stake, in hundredths of a percent.
    pub block_part: u64,
    /// What the votes at one block cost, of one kind, signed twice; of each kind, at each block, where there are more.
    pub votes: Mutez,
    /// That, of the stake, in hundredths of a percent.
    pub votes_part: u64,
    /// What [`FORBIDDEN_CYCLES`] would have paid for blocks and votes.
    pub forbidden: Mutez,
}

impl Twice {
    /// `None` where the numbers do not fit.
    pub(super) fn of(earnings: &Earnings, constants: &Constants) -> Option<Self> {
        let Earnings { slashing, staked, own_staked, .. } = earnings;
        let votes_part = votes_part(earnings, constants)?;
        let paid = earnings.block.plus(earnings.votes)?;
        Some(Self {
            staked: *staked,
            own_staked: *own_staked,
            block: staked.share(slashing.block.into(), WHOLE)?,
            block_part: slashing.block,
            votes: staked.share(votes_part.into(), WHOLE)?,
            votes_part,
            forbidden: a_cycle_of(earnings, paid)?.times(FORBIDDEN_CYCLES)?,
        })
    }
}

/// What the votes of this baker at one block cost, of the stake, in hundredths of a percent: the most from the threshold
/// on, below it the most times the square of how near it is, rounded up, so that no vote is free. The share of the power
/// is the average one.
fn votes_part(earnings: &Earnings, constants: &Constants) -> Option<u64> {
    let Earnings { slashing, participation, .. } = earnings;
    let slots = u128::from(earnings.committee).checked_mul(constants.blocks_per_cycle.into())?;
    let over = u128::from(participation.expected_slots).checked_mul(slashing.threshold.denominator.into())?;
    let under = slots.checked_mul(slashing.threshold.numerator.into())?;
    if over >= under {
        return Some(slashing.most);
    }
    let square = |number: u128| number.checked_mul(number);
    let (over, under) = (square(over)?.checked_mul(slashing.most.into())?, square(under)?);
    let up = over.checked_add(under)?.checked_sub(1)?;
    u64::try_from(up.checked_div(under)?).ok()
}
