//! Operations of the mempool: votes that are in no block yet.

use std::borrow::Cow;
use std::sync::Arc;

use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};
use serde::Deserialize;

use super::claim::{Claim, Shown};
use crate::chain::Signed;
use crate::chain::block::level;
use crate::chain::text::clipped;
use crate::tezos::{Kind, Level, Position, Round};

/// How far from the head a vote is looked at. The node takes votes for head - 1 to head + 1 only; older ones stay
/// listed as outdated, and were seen when they were new.
pub(super) const REACH: u64 = 20;
/// The class of what the node has found to be in order.
pub(super) const VALIDATED: &str = "validated";

/// `/mempool/pending_operations?version=2`: all classes (Octez v25.1).
#[derive(Deserialize)]
pub(super) struct Pending<'a> {
    #[serde(borrow)]
    validated: Vec<Operation<'a>>,
    #[serde(borrow)]
    refused: Vec<Operation<'a>>,
    #[serde(borrow)]
    outdated: Vec<Operation<'a>>,
    #[serde(borrow)]
    branch_refused: Vec<Operation<'a>>,
    #[serde(borrow)]
    branch_delayed: Vec<Operation<'a>>,
    #[serde(borrow)]
    unprocessed: Vec<Operation<'a>>,
}

/// One operation of the mempool, as `pending_operations` and `monitor_operations` show it.
#[derive(Deserialize)]
pub(super) struct Operation<'a> {
    /// Absent where the node could not decode the operation.
    #[serde(borrow)]
    contents: Option<Vec<Content<'a>>>,
    #[serde(borrow, default)]
    branch: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    signature: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    error: Vec<Trace<'a>>,
}

#[derive(Deserialize)]
struct Trace<'a> {
    #[serde(borrow, default)]
    id: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Content<'a> {
    kind: &'a str,
    slot: Option<u16>,
    level: Option<u64>,
    round: Option<u32>,
    #[serde(borrow, default)]
    block_payload_hash: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    dal_attestation: Option<Cow<'a, str>>,
}

/// What the node knows of who signed a vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Proof {
    /// Nothing: it found something wrong before it came to the signature, or has not looked yet.
    None,
    /// It has checked the signature.
    Checked,
}

/// A vote of the baker that has the slot, ordered by its level first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Vote {
    pub(super) at: Position,
    pub(super) kind: Kind,
    pub(super) slot: u16,
    pub(super) proof: Proof,
    /// Its branch and payload, hashed: two votes of one key for one position that differ in this are punished. `None`:
    /// one of them is not shown.
    pub(super) content: Option<[u8; 32]>,
    /// Its signature, where the node has not checked it and it can be told here whose it is.
    pub(super) claim: Option<Arc<Claim>>,
    /// The class of pending operations that it is in.
    pub(super) class: &'static str,
}

impl Vote {
    pub(super) fn signed(&self) -> Signed {
        let seen_in = if self.class == VALIDATED { "mempool".into() } else { format!("mempool ({})", self.class) };
        Signed { kind: self.kind, at: self.at, seen_in }
    }

    /// Can it be told whose it is? Nobody has rights so far above the head.
    pub(super) fn not_far_above(&self, head: Level) -> Result<(), String> {
        if self.at.level.since(head) > REACH {
            return Err(format!("{} for level {:#}, far above the head", self.kind, self.at.level));
        }
        Ok(())
    }
}

impl Pending<'_> {
    /// Every vote near the head, and what else is there that could not be understood.
    pub(super) fn votes(&self, head: Level) -> (Vec<Vote>, Option<String>) {
        let classes = [
            (VALIDATED, &self.validated),
            ("unprocessed", &self.unprocessed),
            ("branch_delayed", &self.branch_delayed),
            ("branch_refused", &self.branch_refused),
            ("outdated", &self.outdated),
            ("refused", &self.refused),
        ];
        let (mut votes, mut unknown) = (Vec::new(), None);
        for (class, operations) in classes {
            for operation in operations {
                unknown = operation.votes(class, &mut votes).err().or(unknown);
            }
        }
        votes.retain(|vote| head.since(vote.at.level) <= REACH);
        votes.retain(|vote| match vote.not_far_above(head) {
            Ok(()) => true,
            Err(why) => {
                // Anybody can say that much of any level.
                if vote.proof == Proof::Checked {
                    unknown = Some(why);
                }
                false
            }
        });
        (votes, unknown)
    }
}

impl Operation<'_> {
    /// Its votes; an error where anything in it could not be understood, and the others are there all the same.
    pub(super) fn votes(&self, class: &'static str, votes: &mut Vec<Vote>) -> Result<(), String> {
        // Anybody can send a vote that nobody signed; the node says so where it looked.
        if self.has_error("operation.invalid_signature") {
            return Ok(());
        }
        let proof = self.proof(class);
        let Some(contents) = &self.contents else {
            return Err(format!("an operation in {class} that the node could not decode"));
        };
        let mut understood = Ok(());
        for content in contents {
            match content.vote(class) {
                Ok(vote) => {
                    let claim = Some(()).filter(|()| proof == Proof::None).and_then(|()| self.claim(content, &vote));
                    votes.push(Vote { proof, content: self.content(content), claim, ..vote });
                }
                Err(why) => understood = Err(why),
            }
        }
        understood
    }

    /// Did the node find anything wrong with it?
    pub(super) fn is_faulty(&self) -> bool {
        !self.error.is_empty()
    }

    /// The signature is checked before the mempool's other votes are looked at (`prevalidation.ml`, Octez v25.1): a vote
    /// that another one keeps out, or has replaced, was signed.
    fn proof(&self, class: &str) -> Proof {
        let conflicts = ["prevalidation.operation_conflict", "prevalidation.operation_replacement"];
        match class == VALIDATED || conflicts.iter().any(|id| self.has_error(id)) {
            true => Proof::Checked,
            false => Proof::None,
        }
    }

    fn has_error(&self, named: &str) -> bool {
        self.error.iter().any(|e| e.id.as_ref().is_some_and(|id| id.ends_with(named)))
    }

    fn claim(&self, content: &Content<'_>, vote: &Vote) -> Option<Arc<Claim>> {
        let &Vote { kind, at, slot, .. } = vote;
        let (branch, payload) = (self.branch.as_deref()?, content.block_payload_hash.as_deref()?);
        let (dal, signature) = (content.dal_attestation.as_deref(), self.signature.as_deref()?);
        Claim::of(Shown { kind, at, slot, branch, payload, dal, signature }).map(Arc::new)
    }

    fn content(&self, content: &Content<'_>) -> Option<[u8; 32]> {
        let (branch, payload) = (self.branch.as_ref()?, content.block_payload_hash.as_ref()?);
        let mut hash = Blake2b::<U32>::new();
        // Base58 has no such byte: nothing else hashes to the same.
        [branch.as_bytes(), &[0], payload.as_bytes()].iter().for_each(|part| hash.update(part));
        Some(hash.finalize().into())
    }
}

impl Content<'_> {
    fn vote(&self, class: &'static str) -> Result<Vote, String> {
        let kind = match self.kind {
            "attestation" | "attestation_with_dal" => Kind::Attestation,
            "preattestation" => Kind::Preattestation,
            other => return Err(format!("an operation of unknown kind {:?} in {class}", clipped(other, 40))),
        };
        let (Some(slot), Some(at), Some(round)) = (self.slot, self.level, self.round) else {
            return Err(format!("{kind} without slot, level and round in {class}"));
        };
        let at = Position::new(level(at)?, Round(round));
        Ok(Vote { kind, at, slot, class, proof: Proof::None, content: None, claim: None })
    }
}
