//! The bytes that a baker hands to its signer.
//!
//! Layouts: Octez v25 (`operation_repr.ml`, `block_header_repr.ml`). A tz4 vote carries no slot, and no DAL content
//! either: both of its keys sign the same 78 bytes.

use super::block::Block;
use crate::seed::blake;
use failover_core::tezos::{ChainId, Curve, Kind};

/// A vote, before it is signed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct VoteBytes<'a> {
    pub(crate) chain: ChainId,
    pub(crate) kind: Kind,
    pub(crate) branch: &'a [u8; 32],
    pub(crate) slot: u64,
    pub(crate) level: u64,
    pub(crate) round: u32,
    pub(crate) payload: &'a [u8; 32],
    pub(crate) dal: bool,
}

impl VoteBytes<'_> {
    /// The signed bytes for a key of this curve.
    pub(crate) fn forge(&self, curve: Curve) -> Vec<u8> {
        let preattestation = self.kind == Kind::Preattestation;
        let dal = self.dal && !preattestation;
        let mut bytes = vec![if preattestation { 0x12 } else { 0x13 }];
        bytes.extend(self.chain.bytes());
        bytes.extend(self.branch);
        match (curve, preattestation) {
            (Curve::Bls, true) => bytes.push(40),
            (Curve::Bls, false) => bytes.push(41),
            (_, true) => bytes.push(20),
            (_, false) => bytes.push(if dal { 23 } else { 21 }),
        }
        if curve != Curve::Bls {
            bytes.extend(u16::try_from(self.slot).unwrap_or(u16::MAX).to_be_bytes());
        }
        bytes.extend(int32(self.level));
        bytes.extend(self.round.to_be_bytes());
        bytes.extend(self.payload);
        if dal && curve != Curve::Bls {
            bytes.push(0); // no slot of the data layer attested: zarith 0
        }
        bytes
    }
}

impl Block {
    /// The block with its hash: of the header and its signature, which nobody checks.
    pub(crate) fn sealed(mut self, chain: ChainId) -> Self {
        let header = header(chain, &self);
        self.hash = blake(&[&header, &blake(&[b"signature", &header])]);
        self
    }
}

/// A block header, magic byte and chain id first, as a signer gets it.
pub(crate) fn header(chain: ChainId, block: &Block) -> Vec<u8> {
    let mut bytes = vec![0x11];
    bytes.extend(chain.bytes());
    bytes.extend(int32(block.level));
    bytes.push(super::PROTO);
    bytes.extend(block.predecessor);
    bytes.extend(block.seconds.to_be_bytes());
    bytes.push(4);
    bytes.extend(block.operations_hash);
    let mut fitness = Vec::new();
    for field in block.fitness() {
        fitness.extend(u32::try_from(field.len()).unwrap_or(0).to_be_bytes());
        fitness.extend(field);
    }
    bytes.extend(u32::try_from(fitness.len()).unwrap_or(0).to_be_bytes());
    bytes.extend(fitness);
    bytes.extend(block.context);
    bytes.extend(block.payload);
    bytes.extend(block.payload_round.to_be_bytes());
    bytes.extend(block.nonce);
    match &block.seed_nonce {
        Some(hash) => {
            bytes.push(0xff);
            bytes.extend(hash.bytes());
        }
        None => bytes.push(0),
    }
    bytes.push(0); // liquidity baking vote: on
    bytes
}

/// Levels are 32-bit signed on the wire.
fn int32(level: u64) -> [u8; 4] {
    i32::try_from(level).unwrap_or(i32::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Message;
    use failover_core::tezos::Round;

    #[test]
    fn what_is_forged_reads_back() {
        let vote = VoteBytes {
            chain: ChainId::MAINNET,
            kind: Kind::Attestation,
            branch: &[7; 32],
            slot: 5,
            level: 15_300_000,
            round: 2,
            payload: &[9; 32],
            dal: true,
        };
        for (curve, len) in [(Curve::Bls, 78), (Curve::Ed25519, 81)] {
            let bytes = vote.forge(curve);
            assert_eq!(bytes.len(), len);
            let read = Message::parse(curve, &bytes).unwrap();
            assert_eq!((read.kind, read.level, read.round), (Kind::Attestation, 15_300_000, Round(2)));
        }
        let mut block = Block::genesis(15_300_000, 0);
        block.round = 3;
        block.locked_round = Some(1);
        let bytes = header(ChainId::MAINNET, &block);
        assert_eq!(bytes.len(), 202);
        let read = Message::parse(Curve::Bls, &bytes).unwrap();
        assert_eq!((read.kind, read.level, read.round), (Kind::Block, 15_300_000, Round(3)));
        block.seed_nonce = Some(failover_core::tezos::NonceHash::of(&[7; 32]));
        assert_eq!(header(ChainId::MAINNET, &block).len(), 234);
    }
}
