//! The small answers: constants, `is_bootstrapped`, the peers' heads.

use serde::Deserialize;

use crate::chain::block::level;
use crate::chain::number::Number;
use crate::chain::{Constants, PeerHead, SyncState};
use crate::tezos::BlockHash;

#[derive(Deserialize)]
pub(super) struct RawConstants {
    minimal_block_delay: Number,
    delay_increment_per_round: Number,
    blocks_per_cycle: Number,
}

impl RawConstants {
    /// Zero would make every wait end at once, so it is no value (S3).
    pub(super) fn checked(self) -> Result<Constants, String> {
        let constants = Constants {
            block_seconds: self.minimal_block_delay.u64("minimal_block_delay")?,
            round_increment_seconds: self.delay_increment_per_round.u64("delay_increment_per_round")?,
            blocks_per_cycle: self.blocks_per_cycle.u64("blocks_per_cycle")?,
        };
        if constants.block_seconds == 0 || constants.blocks_per_cycle == 0 {
            return Err("a block time or a cycle length of 0".to_owned());
        }
        Ok(constants)
    }
}

#[derive(Deserialize)]
pub(super) struct RawSync {
    bootstrapped: bool,
    sync_state: SyncState,
}

impl RawSync {
    /// A node that says synced before it is bootstrapped has not heard of enough peers yet.
    pub(super) const fn checked(&self) -> SyncState {
        if self.bootstrapped { self.sync_state } else { SyncState::Unsynced }
    }
}

#[derive(Deserialize)]
pub(super) struct RawPeers {
    active_peers_heads: Vec<RawPeer>,
}

#[derive(Deserialize)]
struct RawPeer {
    block_hash: BlockHash,
    block_level: u64,
}

impl RawPeers {
    /// A peer that is still at genesis has no opinion about the head, and is left out.
    pub(super) fn checked(self) -> Result<Vec<PeerHead>, String> {
        self.active_peers_heads
            .into_iter()
            .filter(|peer| peer.block_level != 0)
            .map(|peer| Ok(PeerHead { level: level(peer.block_level)?, hash: peer.block_hash }))
            .collect()
    }
}
