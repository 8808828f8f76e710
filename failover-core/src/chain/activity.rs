//! Who signed what, read from one block. Pure: bytes and values in, values out.
//!
//! A block at level L holds its own signature, the preattestations for L (on a re-proposal only), and the
//! attestations for L - 1, which are nowhere later. Votes come one an operation, or, from tz4 bakers, in one aggregate
//! of each kind (facts: protocols 023 to 025, Octez v25.1). What is not understood is never skipped (S3, H15).

mod operation;
mod tally;

pub(super) use operation::Operation;

use super::octez::{Header, Metadata};
use super::{ChainError, Signed};
use crate::tezos::{KeyHash, Kind, Position};
use tally::Tally;

/// Protocols whose metadata does not record the power of votes.
const BEFORE_RECORDED_POWER: [&str; 1] = ["PtSeouLouXkxhg39oWzjxDWaCydNfR3RxCUrNe4Q9Ro8BTehcbh"];

/// What one baker signed, as one block shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InBlock {
    /// The block, an earlier proposal of its payload, and preattestations: for the block's own level.
    pub(super) this_level: Vec<Signed>,
    /// Attestations: for the level before.
    pub(super) level_before: Vec<Signed>,
}

/// What the baker signed, as the block shows it; nothing is a fact.
///
/// # Errors
/// [`ChainError::Incomplete`] where anything in the block is not understood, or its votes are not all there; with what
/// the baker signed as far as it could be read.
pub(super) fn in_block(
    baker: &KeyHash,
    header: &Header,
    metadata: &Metadata,
    operations: &[Operation<'_>],
) -> Result<InBlock, ChainError> {
    let incomplete = |why, seen| ChainError::Incomplete { level: header.level, why, seen };
    if metadata.level_info.level != header.level.get() {
        let why = format!("its metadata are those of level {}", metadata.level_info.level);
        return Err(incomplete(why, Vec::new()));
    }
    // What is wrong first; the rest is read all the same, because presence counts at once (S8).
    let mut wrong: Result<(), String> = Ok(());
    let address = baker.to_string();
    let before = header.level.below(1).map(|level| Position::new(level, header.predecessor_round));
    let mut attestations = Tally::new(&address, before);
    let locked = header.locked_round.map(|round| Position::new(header.level, round));
    let mut preattestations = Tally::new(&address, locked);
    for operation in operations {
        if operation.contents.is_empty() {
            wrong = wrong.and(Err("an operation without contents".to_owned()));
        }
        for content in &operation.contents {
            let read = match content.kind {
                "attestation" | "attestation_with_dal" => attestations.single(content),
                "attestations_aggregate" => attestations.aggregate(content),
                "preattestation" => preattestations.single(content),
                "preattestations_aggregate" => preattestations.aggregate(content),
                other => Err(format!("an operation of unknown kind {:?}", super::text::clipped(other, 40))),
            };
            wrong = wrong.and(read);
        }
    }
    let old = BEFORE_RECORDED_POWER.contains(&metadata.protocol.as_str());
    wrong = wrong
        .and_then(|()| attestations.complete(metadata.attestations, old, "attestations"))
        .and_then(|()| preattestations.complete(metadata.preattestations, old, "preattestations"));

    let seen = |kind, at| Signed { kind, at, seen_in: format!("block {}", header.level) };
    let mut this_level = Vec::new();
    if metadata.baker == *baker {
        this_level.push(seen(Kind::Block, Position::new(header.level, header.round)));
    }
    // Who proposed the payload signed a block with it, in an earlier round that did not make it.
    if metadata.proposer == *baker && (metadata.baker != *baker || header.payload_round != header.round) {
        this_level.push(seen(Kind::Block, Position::new(header.level, header.payload_round)));
    }
    this_level.extend(locked.filter(|_| preattestations.found).map(|at| seen(Kind::Preattestation, at)));
    let level_before = before.filter(|_| attestations.found).map(|at| seen(Kind::Attestation, at));
    match wrong {
        Ok(()) => Ok(InBlock { this_level, level_before: level_before.into_iter().collect() }),
        Err(why) => {
            this_level.extend(level_before);
            Err(incomplete(why, this_level))
        }
    }
}
