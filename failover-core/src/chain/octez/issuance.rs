//! `/context/issuance/expected_issuance`: what blocks and votes pay in this cycle and the next ones.

use serde::Deserialize;

use crate::tezos::Mutez;

/// One cycle of the answer (`adaptive_issuance_services.ml`): protocol 023 pays by the slot, protocols 024 and 025
/// name what is paid for a whole block.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct RawIssuance {
    cycle: u64,
    baking_reward_fixed_portion: Mutez,
    baking_reward_bonus_per_block: Option<Mutez>,
    attesting_reward_per_block: Option<Mutez>,
    baking_reward_bonus_per_slot: Option<Mutez>,
    attesting_reward_per_slot: Option<Mutez>,
}

impl RawIssuance {
    /// The one of a cycle.
    pub(super) fn of(cycles: &[Self], cycle: u64) -> Result<Self, String> {
        cycles.iter().find(|issuance| issuance.cycle == cycle).copied().ok_or_else(|| format!("no issuance of {cycle}"))
    }

    /// What a block with every vote in it pays its baker, and what all votes for one block pay together. `extra`: the
    /// slots above the threshold, for each of which the bonus grows.
    pub(super) fn pays(&self, committee: u64, extra: u64) -> Result<(Mutez, Mutez), String> {
        let whole = |block: Option<Mutez>, slot: Option<Mutez>, slots: u64, name: &str| match (block, slot) {
            (Some(block), None) => Ok(block),
            (None, Some(slot)) => {
                slot.times(slots).ok_or_else(|| format!("{name} of {slot} for each of {slots} slots"))
            }
            _ => Err(format!("{name} neither by the block nor by the slot")),
        };
        let bonus =
            whole(self.baking_reward_bonus_per_block, self.baking_reward_bonus_per_slot, extra, "baking_reward_bonus")?;
        let votes =
            whole(self.attesting_reward_per_block, self.attesting_reward_per_slot, committee, "attesting_reward")?;
        let block = self.baking_reward_fixed_portion.plus(bonus);
        Ok((block.ok_or_else(|| format!("a bonus of {bonus}"))?, votes))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Mutez, RawIssuance};

    fn pays(issuance: Value) -> Result<(u64, u64), String> {
        let cycles: Vec<RawIssuance> = serde_json::from_value(json!([issuance])).unwrap();
        let (block, votes) = RawIssuance::of(&cycles, 7)?.pays(7000, 2333)?;
        Ok((block.get(), votes.get()))
    }

    #[test]
    fn by_the_slot_and_by_the_block() {
        // 023: 2,000,000 + 2333 x 857 = 3,999,381; 7000 x 571 = 3,997,000.
        let by_slot = json!({"cycle": 7, "baking_reward_fixed_portion": "2000000", "baking_reward_bonus_per_slot": "857",
            "attesting_reward_per_slot": "571", "seed_nonce_revelation_tip": "234"});
        assert_eq!(pays(by_slot.clone()), Ok((3_999_381, 3_997_000)));
        // 024 and 025.
        let by_block = json!({"cycle": 7, "baking_reward_fixed_portion": "300010",
            "baking_reward_bonus_per_block": "300010", "attesting_reward_per_block": "600020"});
        assert_eq!(pays(by_block.clone()), Ok((600_020, 600_020)));
        // Of another cycle, of both generations at once, or of neither: nothing is known (S3).
        for (change, value) in [
            ("cycle", json!(8)),
            ("attesting_reward_per_slot", json!("1")),
            ("attesting_reward_per_block", json!(null)),
            ("baking_reward_bonus_per_block", json!(null)),
        ] {
            let mut wrong = by_block.clone();
            wrong[change] = value;
            assert!(pays(wrong).is_err(), "{change}");
        }
        let mut huge = by_slot;
        huge["attesting_reward_per_slot"] = json!(Mutez::new(u64::MAX));
        assert!(pays(huge).is_err());
    }
}
