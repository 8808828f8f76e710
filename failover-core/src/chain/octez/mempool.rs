//! Operations of the mempool: votes that are in no block yet.

use serde::Deserialize;

use super::header::level;
use crate::chain::Signed;
use crate::chain::text::clipped;
use crate::tezos::{Kind, Level, Position, Round};

/// How far from the head a vote is looked at. The node takes votes for head - 1 to head + 1 only; older ones stay
/// listed as outdated, and were seen when they were new.
pub(super) const REACH: u64 = 20;

/// `/mempool/pending_operations?version=2`: all classes (Octez v25.1); a vote that was refused was signed all the same.
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
    error: Vec<Trace<'a>>,
}

#[derive(Deserialize)]
struct Trace<'a> {
    id: Option<&'a str>,
}

#[derive(Deserialize)]
struct Content<'a> {
    kind: &'a str,
    slot: Option<u16>,
    level: Option<u64>,
    round: Option<u32>,
}

/// A vote of whoever has the slot, ordered by its level first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Vote {
    pub(super) at: Position,
    pub(super) kind: Kind,
    pub(super) slot: u16,
    /// The class of pending operations that it is in.
    pub(super) class: &'static str,
}

impl Vote {
    pub(super) fn signed(self) -> Signed {
        let seen_in = if self.class == "validated" { "mempool".into() } else { format!("mempool ({})", self.class) };
        Signed { kind: self.kind, at: self.at, seen_in }
    }

    /// Can it be told whose it is? Nobody has rights so far above the head.
    pub(super) fn not_far_above(self, head: Level) -> Result<Self, String> {
        if self.at.level.since(head) > REACH {
            return Err(format!("{} for level {}, far above the head", self.kind, self.at.level));
        }
        Ok(self)
    }
}

impl Pending<'_> {
    /// Every vote near the head, and what else is there that could not be understood.
    pub(super) fn votes(&self, head: Level) -> (Vec<Vote>, Option<String>) {
        let classes = [
            ("validated", &self.validated),
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
            Ok(_) => true,
            Err(why) => {
                unknown = Some(why);
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
        if self.error.iter().any(|e| e.id.is_some_and(|id| id.ends_with("operation.invalid_signature"))) {
            return Ok(());
        }
        let Some(contents) = &self.contents else {
            return Err(format!("an operation in {class} that the node could not decode"));
        };
        let mut understood = Ok(());
        for content in contents {
            match content.vote(class) {
                Ok(vote) => votes.push(vote),
                Err(why) => understood = Err(why),
            }
        }
        understood
    }

    /// Did the node find anything wrong with it?
    pub(super) fn is_faulty(&self) -> bool {
        !self.error.is_empty()
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
        Ok(Vote { kind, at: Position::new(level(at)?, Round(round)), slot, class })
    }
}
