//! A reorganisation: the newest blocks are replaced by others.

use std::time::Duration;

use super::{Due, State};
use crate::chain::{Ballot, Block, OURS};
use crate::seed::blake;
use failover_core::tezos::Kind;

impl State {
    /// Replaces so many of the newest blocks by blocks of a later round, made and attested by the other bakers. The
    /// new head is voted for as any other.
    pub(super) fn reorganise(&mut self, blocks: u64) {
        let Some(head) = self.chain.head().cloned() else { return };
        let first = head.level.saturating_sub(blocks).saturating_add(1);
        let Some(mut before) = self.chain.at(first.saturating_sub(1)).cloned() else { return };
        for level in first..=head.level {
            let Some(old) = self.chain.at(level).cloned() else { return };
            let attestations = if level == first { old.attestations.clone() } else { self.by_the_others(&before) };
            before = self.instead_of(&old, &before, attestations);
            self.chain.push(before.clone());
        }
        let (now, hash) = (self.now(), before.hash);
        let tick = Duration::from_millis(self.options.block_seconds.saturating_mul(1000) / 6);
        self.queue(now.after(tick), Due::Vote { hash, kind: Kind::Preattestation });
        self.queue(now.after(tick.saturating_mul(2)), Due::Vote { hash, kind: Kind::Attestation });
        if self.to_repropose(&head) {
            // The round that was to come is over: the next level follows.
            let level = head.level.saturating_add(1);
            self.queue(now.after(self.round_time(before.round)), Due::Slot { level, round: 0 });
        }
    }

    fn instead_of(&self, old: &Block, before: &Block, attestations: Vec<Ballot>) -> Block {
        let round = old.round.saturating_add(1);
        let baker = self.committee.turn(old.level, round);
        let payload = blake(&[b"payload", &before.hash, &round.to_be_bytes()]);
        let block = Block {
            round,
            payload_round: round,
            locked_round: None,
            predecessor_round: before.round,
            predecessor: before.hash,
            payload,
            proposer: baker,
            baker,
            attestations,
            preattestations: Vec::new(),
            ..old.clone()
        };
        block.sealed(self.options.chain)
    }

    fn by_the_others(&self, block: &Block) -> Vec<Ballot> {
        let rights = self.committee.rights(block.level);
        rights.iter().filter(|r| r.baker != OURS).map(|r| Ballot { baker: r.baker, dal: false }).collect()
    }
}
