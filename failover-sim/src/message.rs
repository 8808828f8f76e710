//! What a baker asks a signer to sign, taken apart.
//!
//! Layouts: Octez v25 (`operation_repr.ml`, `block_header_repr.ml`); a tz4 vote carries no slot.

use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};

use failover_core::tezos::{ChainId, Curve, Kind, Level, Position, Round};

/// A consensus message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its chain.
    pub chain: ChainId,
    /// Its kind.
    pub kind: Kind,
    /// Level as it stands in the message, 0 included.
    pub level: u64,
    /// Round.
    pub round: Round,
    /// What two messages at one position must have in common not to be punished: branch and payload hash of a vote,
    /// the whole header of a block.
    pub content: [u8; 32],
}

impl Message {
    /// Takes a message apart; `None` where it is not one.
    #[must_use]
    pub fn parse(curve: Curve, bytes: &[u8]) -> Option<Self> {
        let chain = ChainId::new(array(bytes, 1)?);
        let (kind, level, round, content) = match bytes.first()? {
            0x11 => {
                let fitness = u32::from_be_bytes(array(bytes, 83)?) as usize;
                (Kind::Block, array(bytes, 5)?, array(bytes, 83usize.checked_add(fitness)?)?, digest(&[bytes]))
            }
            magic @ (0x12 | 0x13) => {
                let at = if curve == Curve::Bls { 38 } else { 40 };
                let kind = if *magic == 0x12 { Kind::Preattestation } else { Kind::Attestation };
                let branch: [u8; 32] = array(bytes, 5)?;
                let payload: [u8; 32] = array(bytes, at + 8)?;
                (kind, array(bytes, at)?, array(bytes, at + 4)?, digest(&[&branch, &payload]))
            }
            _ => return None,
        };
        let (level, round) = (u32::from_be_bytes(level).into(), Round(u32::from_be_bytes(round)));
        Some(Self { chain, kind, level, round, content })
    }

    /// Where it stands; `None` at level 0.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        Level::new(self.level).map(|level| Position::new(level, self.round))
    }
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Blake2b::<U32>::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}
