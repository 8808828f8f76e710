//! What the protocol pays for blocks and votes, what a baker has at stake, and what is taken for signing twice.

use crate::tezos::Mutez;

/// Rewards, stake and penalties, as one block sees them.
///
/// What is not in it: fees, the DAL's rewards, tips.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earnings {
    /// `consensus_committee_size`: the slots that activity is counted in, also where all bakers attest.
    pub committee: u64,
    /// What a block pays: the fixed portion and the whole bonus.
    pub block: Mutez,
    /// What all votes for one block pay together.
    pub votes: Mutez,
    /// The baker's part in this cycle.
    pub participation: Participation,
    /// The part of a cycle's votes without which none of them is paid (`minimal_participation_ratio`).
    pub minimal_participation: Ratio,
    /// What is frozen for the baker, its stakers' part included (`total_staked`).
    pub staked: Mutez,
    /// Its own part of that (`own_staked`).
    pub own_staked: Mutez,
    /// What is taken of it for signing twice.
    pub slashing: Slashing,
}

/// A baker's part in a cycle (`participation`, protocols 023 to 025).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Participation {
    /// Slots that it should attest with in the whole cycle; by the committee's size times the cycle's length it is
    /// the baker's share of the power, whether or not all bakers attest. 0: it has no rights in this cycle.
    pub expected_slots: u64,
    /// Levels that it had the right to attest, and did not.
    pub missed_levels: u64,
    /// Slots that it may still miss.
    pub allowed_slots: u64,
    /// What the cycle's votes pay it; 0 where it missed too many.
    pub rewards: Mutez,
}

/// What is taken for signing twice (`slash_percentage.ml`, protocol 025).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slashing {
    /// For each block, in hundredths of a percent: 500.
    pub block: u64,
    /// At most for the votes at one block, in hundredths of a percent: 10,000.
    pub most: u64,
    /// The part of all power from which the votes cost the most; below it the cost falls with the square.
    pub threshold: Ratio,
}

/// A ratio of two numbers; the lower one is never 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ratio {
    /// The upper number.
    pub numerator: u64,
    /// The lower number.
    pub denominator: u64,
}
