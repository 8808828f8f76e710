//! The baker's votes in the mempool: heard as they come where the node can be listened to, else looked for.

use std::collections::BTreeSet;

use super::mempool::{Pending, REACH, Vote};
use super::monitor::{self, Heard, Monitor};
use super::{MEMPOOL, OctezNode, answer};
use crate::chain::{ChainError, Head, Rpc, Signed};
use crate::tezos::{KeyHash, Level};

/// What is in the mempool now, and what the node still knows of before.
const PENDING: &str = "/chains/main/mempool/pending_operations?version=2&validation_pass=0";
/// How far below the head votes count that were heard since the last look, however long ago that was.
const HEARD_REACH: u64 = 200;
/// Most votes that are kept while it cannot be told whose they are.
const UNRESOLVED: usize = 1 << 14;

/// What is known of the mempool between two looks. For one baker at a time.
#[derive(Debug, Default)]
pub(super) struct Pool {
    /// `None`: not tried yet. `None` in it: there is no way to listen.
    monitor: Option<Option<Monitor>>,
    baker: Option<KeyHash>,
    /// Votes of which it is not known whose they are, because the node could not be asked.
    unresolved: BTreeSet<Vote>,
    /// The baker's, and the head's level when each was found: a vote that goes away again was still signed.
    ours: Vec<(Level, Signed)>,
}

impl<R: Rpc> OctezNode<R> {
    /// The baker's votes that are in the mempool, or were in the last [`REACH`] levels.
    ///
    /// What was found counts at once, whatever else could not be read (S8); an error only where nothing was.
    pub(super) fn pooled(&mut self, baker: &KeyHash, head: &Head) -> Result<Vec<Signed>, ChainError> {
        if self.pool.baker.replace(*baker) != Some(*baker) {
            self.pool.unresolved.clear();
            self.pool.ours.clear();
        }
        self.pool.ours.retain(|(found, _)| head.level.since(*found) <= REACH);
        let mut votes = std::mem::take(&mut self.pool.unresolved);
        let mut wrong = None;
        let heard = self.heard();
        if let Some(heard) = &heard {
            votes.extend(heard.votes());
            wrong = heard.unknown.clone().map(self.malformed(monitor::PATH));
        }
        if !heard.is_some_and(|heard| heard.whole) {
            match self.pending(head.level) {
                Ok((pending, unknown)) => {
                    votes.extend(pending);
                    wrong = wrong.or(unknown);
                }
                Err(error) => wrong = Some(error),
            }
        }
        let mut asked = Ok(());
        for vote in votes.into_iter().rev().filter(|vote| head.level.since(vote.at.level) <= HEARD_REACH) {
            if self.pool.ours.iter().any(|(_, s)| s.kind == vote.kind && s.at == vote.at) {
                continue;
            }
            match vote.not_far_above(head.level) {
                Err(why) => wrong = wrong.or_else(|| Some(self.malformed(PENDING)(why))),
                Ok(vote) if asked.is_ok() => match self.slot("head", baker, vote.at.level) {
                    Ok(slot) if slot == Some(vote.slot) => self.pool.ours.push((head.level, vote.signed())),
                    Ok(_) => {}
                    Err(error) => {
                        asked = Err(error);
                        self.pool.unresolved.insert(vote);
                    }
                },
                Ok(vote) if self.pool.unresolved.len() < UNRESOLVED => drop(self.pool.unresolved.insert(vote)),
                Ok(_) => {}
            }
        }
        let ours: Vec<Signed> = self.pool.ours.iter().map(|(_, signed)| signed.clone()).collect();
        match asked.err().or(wrong) {
            Some(error) if ours.is_empty() => Err(error),
            _ => Ok(ours),
        }
    }

    /// What was heard since the last look; `None` where there is no way to listen.
    fn heard(&mut self) -> Option<Heard> {
        let rpc = &self.rpc;
        let monitor = self.pool.monitor.get_or_insert_with(|| rpc.another().and_then(Monitor::start));
        monitor.as_ref().map(Monitor::take)
    }

    fn pending(&mut self, head: Level) -> Result<(Vec<Vote>, Option<ChainError>), ChainError> {
        let body = self.get(PENDING, MEMPOOL)?;
        let pending: Pending<'_> = answer::parse(&body).map_err(self.malformed(PENDING))?;
        let (votes, unknown) = pending.votes(head);
        Ok((votes, unknown.map(self.malformed(PENDING))))
    }
}
