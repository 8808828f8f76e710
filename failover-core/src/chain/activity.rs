//! Who signed what, read from one block. Pure: bytes and values in, values out.
//!
//! A block at level L holds its own signature, the preattestations for L (on a re-proposal only), and the
//! attestations for L - 1, which are nowhere later. Votes come one an operation, or, from tz4 bakers, in one aggregate
//! of each kind (protocols 023 to 025, Octez v25.1). What is not understood is never skipped (S3, H15).

mod operation;
mod tally;
mod votes;

use super::Signed;
use super::block::{Header, Metadata};
use super::scan::{Broken, Fault, Scanner};
use crate::tezos::{KeyHash, Kind, Position};
use operation::{Content, Named};
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

/// What was read of a block, and what is wrong with it: then it is no fact, but what was seen of the baker's
/// signatures counts all the same (S8).
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) found: InBlock,
    pub(super) wrong: Option<Wrong>,
}

/// Why a block is not read completely.
#[derive(Debug)]
pub(super) enum Wrong {
    /// Anything in it is not understood, or its votes are not all there.
    Incomplete(String),
    /// It could not be read to its end.
    Broken(Broken),
}

/// Reads what the baker signed, as the block's operations and metadata show it.
///
/// Without `metadata`, which could not be read, only the votes are looked at.
pub(super) fn read(baker: &KeyHash, header: &Header, metadata: Option<&Metadata>, json: &mut Scanner<'_>) -> Reading {
    let address = baker.to_string();
    let before = header.level.below(1).map(|level| Position::new(level, header.predecessor_round));
    let locked = header.locked_round.map(|round| Position::new(header.level, round));
    let mut votes = BlockVotes { attestations: Tally::new(before), preattestations: Tally::new(locked), wrong: Ok(()) };
    let read = votes.read(json, address.as_bytes());
    let BlockVotes { attestations, preattestations, wrong } = votes;

    let seen = |kind, at| Signed { kind, at, seen_in: format!("block {:#}", header.level) };
    let mut this_level = Vec::new();
    // Metadata of another block say nothing of this one.
    let metadata = metadata.filter(|metadata| metadata.level_info.level == header.level.get()).ok_or_else(|| {
        metadata.map_or_else(String::new, |other| format!("its metadata are those of level {}", other.level_info.level))
    });
    if let Ok(metadata) = metadata {
        if metadata.baker == *baker {
            this_level.push(seen(Kind::Block, Position::new(header.level, header.round)));
        }
        // Who proposed the payload signed a block with it, in an earlier round that did not make it.
        if metadata.proposer == *baker && (metadata.baker != *baker || header.payload_round != header.round) {
            this_level.push(seen(Kind::Block, Position::new(header.level, header.payload_round)));
        }
    }
    this_level.extend(locked.filter(|_| preattestations.found()).map(|at| seen(Kind::Preattestation, at)));
    let level_before = before.filter(|_| attestations.found()).map(|at| seen(Kind::Attestation, at));
    let found = InBlock { this_level, level_before: level_before.into_iter().collect() };

    let complete = |metadata: &Metadata| {
        let old = BEFORE_RECORDED_POWER.contains(&metadata.protocol.as_str());
        attestations.complete(metadata.attestations, old, "attestations")?;
        preattestations.complete(metadata.preattestations, old, "preattestations")
    };
    let wrong = match (read, metadata) {
        (Err(fault), _) => Some(Wrong::Broken(*fault)),
        (Ok(()), Err(why)) => Some(Wrong::Incomplete(why)),
        (Ok(()), Ok(metadata)) => wrong.and_then(|()| complete(metadata)).err().map(Wrong::Incomplete),
    };
    Reading { found, wrong }
}

/// The votes of a block while they are read.
struct BlockVotes {
    attestations: Tally,
    preattestations: Tally,
    /// What was wrong first; the rest is read all the same, because presence counts at once (S8).
    wrong: Result<(), String>,
}

impl BlockVotes {
    fn read(&mut self, json: &mut Scanner<'_>, baker: &[u8]) -> Result<(), Fault> {
        json.begins()?;
        let Some(mut operations) = json.array()? else {
            self.note(Err("its operations are not a list".to_owned()));
            return json.end();
        };
        while json.next(&mut operations)? {
            self.operation(json, baker)?;
        }
        json.end()
    }

    fn operation(&mut self, json: &mut Scanner<'_>, baker: &[u8]) -> Result<(), Fault> {
        let mut contents = 0_usize;
        if let Some(mut members) = json.object()? {
            while json.next(&mut members)? {
                if !json.name(|name| name == b"contents")? {
                    json.skip()?;
                } else if let Some(mut list) = json.array()? {
                    while json.next(&mut list)? {
                        contents = contents.saturating_add(1);
                        let mut content = Content::default();
                        let read = content.read(json, baker);
                        // Votes before a cut count too.
                        self.count(content);
                        read?;
                    }
                }
            }
        }
        if contents == 0 {
            self.note(Err("an operation without contents".to_owned()));
        }
        Ok(())
    }

    fn count(&mut self, mut content: Content) {
        let Some(named) = content.named.take() else {
            return self.note(Err("an operation without a kind".to_owned()));
        };
        if content.twice {
            self.note(Err(format!("{} with a field that is there twice", named.name())));
        }
        let counted = match &named {
            Named::Attestation | Named::AttestationWithDal => self.attestations.single(named.name(), content),
            Named::AttestationsAggregate => self.attestations.aggregate(named.name(), content),
            Named::Preattestation => self.preattestations.single(named.name(), content),
            Named::PreattestationsAggregate => self.preattestations.aggregate(named.name(), content),
            Named::Unknown(name) => Err(format!("an operation of unknown kind {name:?}")),
        };
        self.note(counted);
    }

    fn note(&mut self, counted: Result<(), String>) {
        if self.wrong.is_ok() {
            self.wrong = counted;
        }
    }
}
