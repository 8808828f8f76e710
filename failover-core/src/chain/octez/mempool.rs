//! `/mempool/pending_operations?version=2`: votes that are in no block yet.

use serde::Deserialize;

use super::header::level;
use crate::chain::Signed;
use crate::chain::text::clipped;
use crate::tezos::{Kind, Level, Position, Round};

/// How far from the head a vote is looked at. The node takes votes for head - 1 to head + 1 only; older ones stay
/// listed as outdated, and were seen when they were new.
const REACH: u64 = 20;

/// All classes of pending operations (Octez v25.1); a vote that was refused was signed all the same.
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

#[derive(Deserialize)]
struct Operation<'a> {
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

/// A vote of whoever has the slot.
#[derive(Debug, Clone, Copy)]
pub(super) struct Vote {
    pub(super) kind: Kind,
    pub(super) at: Position,
    pub(super) slot: u16,
    class: &'static str,
}

impl Vote {
    pub(super) fn signed(self) -> Signed {
        let seen_in = if self.class == "validated" { "mempool".into() } else { format!("mempool ({})", self.class) };
        Signed { kind: self.kind, at: self.at, seen_in }
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
                // Anybody can send a vote that nobody signed; the node says so where it looked.
                if operation.error.iter().any(|e| e.id.is_some_and(|id| id.ends_with("operation.invalid_signature"))) {
                    continue;
                }
                let Some(contents) = &operation.contents else {
                    unknown = Some(format!("an operation in {class} that the node could not decode"));
                    continue;
                };
                for content in contents {
                    match content.vote(class, head) {
                        Ok(vote) => votes.extend(vote),
                        Err(why) => unknown = Some(why),
                    }
                }
            }
        }
        (votes, unknown)
    }
}

impl Content<'_> {
    fn vote(&self, class: &'static str, head: Level) -> Result<Option<Vote>, String> {
        let kind = match self.kind {
            "attestation" | "attestation_with_dal" => Kind::Attestation,
            "preattestation" => Kind::Preattestation,
            other => return Err(format!("an operation of unknown kind {:?} in {class}", clipped(other, 40))),
        };
        let (Some(slot), Some(at), Some(round)) = (self.slot, self.level, self.round) else {
            return Err(format!("{kind} without slot, level and round in {class}"));
        };
        let at = Position::new(level(at)?, Round(round));
        if head.since(at.level) > REACH {
            return Ok(None);
        }
        if at.level.since(head) > REACH {
            return Err(format!("{kind} for level {}, far above the head", at.level));
        }
        Ok(Some(Vote { kind, at, slot, class }))
    }
}
