//! What a block and a vote pay, and what is at stake: constants, issuance and the baker's standing, at one block.
//!
//! Foreign nodes allow all of these (`RPC_server.ml`, Octez v25.1).

use std::time::Duration;

use serde::Deserialize;

use super::issuance::RawIssuance;
use super::{OctezNode, SMALL};
use crate::chain::answer;
use crate::chain::number::Number;
use crate::chain::within::Within;
use crate::chain::{ChainError, Earnings, Participation, Ratio, Rpc, Slashing};
use crate::tezos::{BlockHash, KeyHash, Mutez};

/// `/context/constants`, the same names in protocols 023 to 025 (`constants_parametric_repr.ml`).
#[derive(Deserialize)]
struct RawTerms {
    consensus_committee_size: Number,
    consensus_threshold_size: Number,
    minimal_participation_ratio: RawRatio,
    percentage_of_frozen_deposits_slashed_per_double_baking: Number,
    max_slashing_per_block: Number,
    max_slashing_threshold: RawRatio,
}

#[derive(Deserialize)]
struct RawRatio {
    numerator: Number,
    denominator: Number,
}

impl RawRatio {
    fn checked(&self, name: &str) -> Result<Ratio, String> {
        let (numerator, denominator) = (self.numerator.u64(name)?, self.denominator.u64(name)?);
        if denominator == 0 || numerator > denominator {
            return Err(format!("{name} is {numerator}/{denominator}"));
        }
        Ok(Ratio { numerator, denominator })
    }
}

/// Parts of a whole, in hundredths of a percent.
fn percentage(number: Number, name: &str) -> Result<u64, String> {
    match number.u64(name)? {
        hundredths @ ..=10_000 => Ok(hundredths),
        more => Err(format!("{name} is {more} hundredths of a percent")),
    }
}

/// `/context/delegates/B/participation` (`delegate_services.ml`, protocols 023 to 025).
#[derive(Deserialize)]
struct RawParticipation {
    expected_cycle_activity: Number,
    missed_levels: Number,
    remaining_allowed_missed_slots: Number,
    expected_attesting_rewards: Mutez,
}

impl RawParticipation {
    fn checked(&self) -> Result<Participation, String> {
        Ok(Participation {
            expected_slots: self.expected_cycle_activity.u64("expected_cycle_activity")?,
            missed_levels: self.missed_levels.u64("missed_levels")?,
            allowed_slots: self.remaining_allowed_missed_slots.u64("remaining_allowed_missed_slots")?,
            rewards: self.expected_attesting_rewards,
        })
    }
}

/// All of it.
struct Raw {
    terms: RawTerms,
    issuance: Vec<RawIssuance>,
    participation: RawParticipation,
    staked: Mutez,
    own_staked: Mutez,
}

impl Raw {
    fn checked(self, cycle: u64) -> Result<Earnings, String> {
        let Self { terms, issuance, participation, staked, own_staked } = self;
        let committee = terms.consensus_committee_size.u64("consensus_committee_size")?;
        let needed = terms.consensus_threshold_size.u64("consensus_threshold_size")?;
        let extra = committee.checked_sub(needed).filter(|_| committee > 0);
        let extra = extra.ok_or_else(|| format!("a committee of {committee} slots of which {needed} are needed"))?;
        let (block, votes) = RawIssuance::of(&issuance, cycle)?.pays(committee, extra)?;
        let block_percentage = "percentage_of_frozen_deposits_slashed_per_double_baking";
        let slashing = Slashing {
            block: percentage(terms.percentage_of_frozen_deposits_slashed_per_double_baking, block_percentage)?,
            most: percentage(terms.max_slashing_per_block, "max_slashing_per_block")?,
            threshold: terms.max_slashing_threshold.checked("max_slashing_threshold")?,
        };
        if own_staked > staked {
            return Err(format!("{own_staked} of its own in {staked} of stake"));
        }
        Ok(Earnings {
            committee,
            block,
            votes,
            participation: participation.checked()?,
            minimal_participation: terms.minimal_participation_ratio.checked("minimal_participation_ratio")?,
            staked,
            own_staked,
            slashing,
        })
    }
}

impl<R: Rpc> OctezNode<R> {
    pub(super) fn earnings_at(
        &mut self,
        baker: &KeyHash,
        hash: &BlockHash,
        cycle: u64,
        whole: Duration,
    ) -> Result<Earnings, ChainError> {
        let (within, root) = (Within::new(whole), format!("/chains/main/blocks/{hash}/context"));
        // The parts by themselves: the whole account of a large baker has megabytes of delegators.
        let of_baker = |field: &str| format!("{root}/delegates/{baker}/{field}");
        let raw = Raw {
            terms: self.ask_within(&format!("{root}/constants"), within.left())?,
            issuance: self.ask_within(&format!("{root}/issuance/expected_issuance"), within.left())?,
            participation: self.ask_within(&of_baker("participation"), within.left())?,
            staked: self.ask_within(&of_baker("total_staked"), within.left())?,
            own_staked: self.ask_within(&of_baker("own_staked"), within.left())?,
        };
        raw.checked(cycle).map_err(self.malformed(&root))
    }

    /// A small answer, within a deadline of its own.
    pub(super) fn ask_within<T: serde::de::DeserializeOwned>(
        &mut self,
        path: &str,
        deadline: Duration,
    ) -> Result<T, ChainError> {
        let body = self.rpc.get(path, deadline, SMALL)?;
        answer::parse(&body).map_err(self.malformed(path))
    }
}
