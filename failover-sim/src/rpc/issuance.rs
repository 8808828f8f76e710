//! `/context/issuance/expected_issuance`.

use serde_json::{Value, json};

use crate::chain::committee::COMMITTEE;
use crate::chain::{BLOCKS_PER_CYCLE, Block};

/// What a block pays for its fixed portion, and for its bonus, in mutez: six times that of an Ushuaia sandbox with
/// one-second blocks.
const BLOCK: u64 = 1_800_060;
/// What all votes for a block pay.
const VOTES: u64 = 2 * BLOCK;

/// The head's cycle and the two whose rights are known.
pub(super) fn expected(block: &Block) -> Value {
    let cycle = block.level.saturating_sub(1) / BLOCKS_PER_CYCLE;
    let cycles: Vec<Value> = (cycle..=cycle.saturating_add(2))
        .map(|cycle| {
            json!({
                "cycle": cycle,
                "baking_reward_fixed_portion": BLOCK.to_string(),
                "baking_reward_bonus_per_block": BLOCK.to_string(),
                "attesting_reward_per_block": VOTES.to_string(),
                "seed_nonce_revelation_tip": "1404",
                "vdf_revelation_tip": "1404",
                "dal_attesting_reward_per_shard": "1560",
            })
        })
        .collect();
    json!(cycles)
}

/// What a cycle's votes pay a baker with this many slots: so many times the reward of a slot.
pub(super) fn attesting_rewards(share: u64) -> String {
    (VOTES / COMMITTEE).saturating_mul(share).saturating_mul(BLOCKS_PER_CYCLE).to_string()
}
