//! Bakers at work: ours asks its device, on each machine where a baker runs; the others just do it.

use std::time::Duration;

use super::{Due, State};
use crate::chain::{Ballot, Block, OURS, Vote, forge};
use crate::device::next_key;
use crate::machine::nonces;
use crate::options::Side;
use crate::seed::blake;
use failover_core::chain::KeyRole;
use failover_core::tezos::{Kind, NonceHash};

/// At one in so many levels round 0 is preattested but does not make it, and is proposed again.
const REPROPOSAL: u64 = 40;
/// One vote in so many of the other bakers' is missing.
const MISSED: u64 = 50;

impl State {
    /// A round begins.
    pub(crate) fn slot(&mut self, level: u64, round: u32) {
        if self.faults.halted {
            return;
        }
        let Some(head) = self.chain.head().cloned() else { return };
        let settled = head.level >= level && !(head.level == level && self.to_repropose(&head) && round > head.round);
        if settled || level > head.level.saturating_add(1) {
            return;
        }
        let next_round = self.now().after(self.round_time(round));
        let made = self.propose(level, round, &head);
        let Some(block) = made else {
            self.queue(next_round, Due::Slot { level, round: round.saturating_add(1) });
            return;
        };
        let (hash, again) = (block.hash, self.to_repropose(&block));
        self.chain.push(block);
        let tick = Duration::from_millis(self.options.block_seconds.saturating_mul(1000) / 6);
        let now = self.now();
        self.queue(now.after(tick), Due::Vote { hash, kind: Kind::Preattestation });
        self.queue(now.after(tick.saturating_mul(2)), Due::Vote { hash, kind: Kind::Attestation });
        let next = if again {
            Due::Slot { level, round: round.saturating_add(1) }
        } else {
            Due::Slot { level: level.saturating_add(1), round: 0 }
        };
        self.queue(next_round, next);
        self.reached(level);
    }

    /// Will this block be proposed again in the next round?
    pub(super) fn to_repropose(&self, block: &Block) -> bool {
        block.round == 0 && self.seed.below(REPROPOSAL, "repropose", &[block.level]) == 0
    }

    /// The block of a round, if its baker can make it. `head` is its predecessor, or the block that it proposes again.
    fn propose(&mut self, level: u64, round: u32, head: &Block) -> Option<Block> {
        let again = head.level == level;
        let predecessor = if again { self.chain.at(level.checked_sub(1)?)?.clone() } else { head.clone() };
        let baker = self.committee.turn(level, round);
        let attested = (predecessor.level, predecessor.round, Kind::Attestation);
        let draft = Block {
            level,
            round,
            payload_round: if again { head.payload_round } else { round },
            locked_round: again.then_some(head.round),
            predecessor_round: predecessor.round,
            hash: [0; 32],
            predecessor: predecessor.hash,
            seconds: self.now().millis().div_euclid(1000),
            payload: if again { head.payload } else { blake(&[b"payload", &predecessor.hash, &round.to_be_bytes()]) },
            context: blake(&[b"context", &predecessor.hash]),
            operations_hash: blake(&[b"operations", &predecessor.hash, &round.to_be_bytes()]),
            nonce: [0; 8],
            seed_nonce: self.commits(level).then(|| NonceHash::of(&self.seed_nonce(level, round, baker, None))),
            proposer: if again { head.proposer } else { baker },
            baker,
            attestations: self.chain.ballots(attested, &predecessor.payload),
            preattestations: if again {
                self.chain.ballots((level, head.round, Kind::Preattestation), &head.payload)
            } else {
                Vec::new()
            },
        };
        if baker != OURS {
            return Some(draft.sealed(self.options.chain));
        }
        // The first block that a machine gets signed is the chain's; a second one only gets its baker punished.
        let mut first = None;
        for side in Side::BOTH {
            let mut block = draft.clone();
            let mark = u8::from(side == Side::Backup);
            block.nonce = [0xd7, 0xd4, 0xb0, 0xae, 0, 0, 0, mark];
            let nonce = self.seed_nonce(level, round, baker, Some(side));
            block.seed_nonce = block.seed_nonce.map(|_| NonceHash::of(&nonce));
            let bytes = forge::header(self.options.chain, &block);
            if !self.ask(side, KeyRole::Consensus, Kind::Block, (level, round), &bytes) {
                continue;
            }
            let block = block.sealed(self.options.chain);
            if block.seed_nonce.is_some() {
                let chain = self.options.chain;
                nonces::commit(self.machines.of_mut(side), chain, &nonce, &block);
            }
            first = first.or(Some(block));
        }
        first
    }

    /// Does the block of this level commit to a seed nonce?
    fn commits(&self, level: u64) -> bool {
        level.checked_rem(self.options.blocks_per_commitment) == Some(0)
    }

    /// Drawn anew by each machine, for each block.
    fn seed_nonce(&self, level: u64, round: u32, baker: usize, side: Option<Side>) -> [u8; 32] {
        self.seed.bytes(side.map_or("seed nonce", Side::name), &[level, u64::from(round), baker as u64])
    }

    /// Bakers vote for the head.
    pub(crate) fn votes(&mut self, hash: &[u8; 32], kind: Kind) {
        let Some(head) = self.chain.head().filter(|head| head.hash == *hash).cloned() else { return };
        let Some(branch) = self.chain.with_hash(&head.predecessor).map(|block| block.predecessor) else { return };
        let place = (head.level, head.round, kind);
        for right in self.committee.rights(head.level) {
            let drawn = [head.level, u64::from(head.round), u64::from(kind == Kind::Attestation), right.baker as u64];
            let dal = kind == Kind::Attestation && self.seed.below(4, "dal", &drawn) > 0;
            let vote = forge::VoteBytes {
                chain: self.options.chain,
                kind,
                branch: &branch,
                slot: right.slot,
                level: head.level,
                round: head.round,
                payload: &head.payload,
                dal,
            };
            let cast = if right.baker == OURS {
                // Every machine asks, one after the other.
                Side::BOTH.map(|side| self.cast(side, &vote)).contains(&true)
            } else {
                self.seed.below(MISSED, "missed", &drawn) > 0
            };
            if cast {
                let ballot = Ballot { baker: right.baker, dal };
                self.chain.vote(place, Vote { ballot, payload: head.payload, branch });
            }
        }
    }

    /// Our vote, from one machine: signed by the consensus key, and where there is a companion key and DAL content
    /// by that one too.
    fn cast(&mut self, side: Side, vote: &forge::VoteBytes<'_>) -> bool {
        let curve = self.committee.ours().consensus.hash.curve();
        let companion = self.committee.ours().companion.is_some();
        let (bytes, place) = (vote.forge(curve), (vote.level, vote.round));
        if !self.ask(side, KeyRole::Consensus, vote.kind, place, &bytes) {
            return false;
        }
        !(companion && vote.dal) || self.ask(side, KeyRole::Companion, vote.kind, place, &bytes)
    }

    /// A baker asks its signer, having written down for what.
    fn ask(&mut self, side: Side, role: KeyRole, kind: Kind, (level, round): (u64, u32), bytes: &[u8]) -> bool {
        let next = self.options.key_change.is_some_and(|from| level >= from);
        let key = match next_key(&self.options).filter(|_| next) {
            Some(key) => key.hash,
            None => self.committee.ours().consensus.hash,
        };
        let now = self.now();
        let machine = self.machines.of_mut(side);
        if !machine.bakes() {
            machine.complain(kind, level, round);
            return false;
        }
        machine.mark_file.write(key, kind, level, round);
        let signed = machine.device.sign(role, next, bytes);
        if !machine.device.serves() {
            machine.ended(crate::machine::TEZSIGN_UNIT, "exit-code", now);
        }
        if signed {
            self.has_signed(side);
        } else {
            machine.complain(kind, level, round);
        }
        signed
    }
}
