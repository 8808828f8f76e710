//! The baker's votes in the mempool: heard as they come where the node can be listened to, else looked for.

use std::collections::BTreeSet;

use super::claim::Ed25519;
use super::mempool::{Pending, Proof, REACH, Vote};
use super::monitor::{self, Heard, Monitor};
use super::{MEMPOOL, OctezNode, answer};
use crate::chain::{ChainError, Head, Pooled, Rpc, Rumour, Signed};
use crate::tezos::{KeyHash, Level};

/// What is in the mempool now, and what the node still knows of before.
const PENDING: &str = "/chains/main/mempool/pending_operations?version=2&validation_pass=0";
/// How far below the head votes count that were heard since the last look, however long ago that was.
const HEARD_REACH: u64 = 200;
/// Most votes that are kept while it cannot be told whose they are.
const UNRESOLVED: usize = 1 << 14;
/// Most votes that are kept in the baker's slot of which nobody knows who signed them: what they do, one does.
const RUMOURS: usize = 64;

/// The baker's keys are asked for again after so many levels, where a vote is to be verified.
const KEYS_AGAIN: u64 = 50;

/// What is known of the mempool between two looks. For one baker at a time.
#[derive(Debug, Default)]
pub(super) struct Pool {
    /// `None`: not tried yet. `None` in it: there is no way to listen.
    monitor: Option<Option<Monitor>>,
    baker: Option<KeyHash>,
    /// Checked votes of which it is not known whose they are, because the node could not be asked.
    unresolved: BTreeSet<Vote>,
    /// The baker's tz1 consensus keys, and the head's level when they were asked for.
    keys: Option<(Level, Vec<Ed25519>)>,
    /// In the baker's slot, and the head's level when each was found: a vote that goes away again was still signed.
    ours: Vec<(Level, Vote)>,
}

impl Pool {
    /// Takes one in the baker's slot; each content once, as the best that is known of it.
    fn take(&mut self, head: Level, vote: Vote) {
        let same = |known: &Vote| (known.kind, known.at, known.content) == (vote.kind, vote.at, vote.content);
        if let Some((_, known)) = self.ours.iter_mut().find(|(_, known)| same(known)) {
            if vote.proof > known.proof {
                *known = vote;
            }
            return;
        }
        let rumours = self.ours.iter().filter(|(_, known)| known.proof == Proof::None).count();
        if vote.proof == Proof::Checked || rumours < RUMOURS {
            self.ours.push((head, vote));
        }
    }

    /// What it shows, each position once.
    fn shown(&self) -> Pooled {
        let mut pooled = Pooled::default();
        let has = |list: &[Signed], vote: &Vote| list.iter().any(|s| s.kind == vote.kind && s.at == vote.at);
        let checked = || self.ours.iter().filter(|(_, vote)| vote.proof == Proof::Checked);
        for (_, vote) in checked() {
            if !has(&pooled.signed, vote) {
                pooled.signed.push(vote.signed());
            }
            let other = |known: &Vote| {
                let differ = known.content.zip(vote.content).is_some_and(|(one, other)| one != other);
                differ && known.kind == vote.kind && known.at == vote.at
            };
            if checked().any(|(_, known)| other(known)) && !has(&pooled.conflicts, vote) {
                let seen_in = "mempool, twice, with another branch or payload".to_owned();
                pooled.conflicts.push(Signed { seen_in, ..vote.signed() });
            }
        }
        for (found, vote) in self.ours.iter().filter(|(_, vote)| vote.proof == Proof::None) {
            let known = pooled.rumours.iter().any(|r| r.signed.kind == vote.kind && r.signed.at == vote.at);
            if !known && !has(&pooled.signed, vote) {
                pooled.rumours.push(Rumour { signed: vote.signed(), since: *found });
            }
        }
        pooled
    }
}

impl<R: Rpc> OctezNode<R> {
    /// The votes in the baker's slot that are in the mempool, or were in the last [`REACH`] levels.
    ///
    /// What was found counts at once, whatever else could not be read (S8); an error only where nothing was.
    pub(super) fn pooled(&mut self, baker: &KeyHash, head: &Head) -> Result<Pooled, ChainError> {
        if self.pool.baker.replace(*baker) != Some(*baker) {
            self.pool.unresolved.clear();
            self.pool.ours.clear();
            self.pool.keys = None;
        }
        self.pool.ours.retain(|(found, _)| head.level.since(*found) <= REACH);
        let mut votes = std::mem::take(&mut self.pool.unresolved);
        let mut wrong = None;
        let mut whole = false;
        if let Some(heard) = self.heard() {
            whole = heard.whole;
            wrong = heard.unknown.clone().map(self.malformed(monitor::PATH));
            votes.extend(heard.votes());
        }
        if !whole {
            match self.pending(head.level) {
                Ok((pending, unknown)) => {
                    votes.extend(pending);
                    wrong = wrong.or(unknown);
                }
                Err(error) => wrong = Some(error),
            }
        }
        let asked = self.resolve(baker, head, votes, &mut wrong);
        let shown = self.pool.shown();
        match asked.err().or(wrong) {
            Some(error) if shown.is_empty() => Err(error),
            _ => Ok(shown),
        }
    }

    /// Whose are they? Those that the node has checked come first, so that no rumour keeps the answer from them.
    fn resolve(
        &mut self,
        baker: &KeyHash,
        at: &Head,
        votes: BTreeSet<Vote>,
        wrong: &mut Option<ChainError>,
    ) -> Result<(), ChainError> {
        let head = at.level;
        let (checked, rumours): (Vec<Vote>, Vec<Vote>) =
            votes.into_iter().rev().partition(|vote| vote.proof == Proof::Checked);
        let mut asked = Ok(());
        for vote in checked.into_iter().filter(|vote| head.since(vote.at.level) <= HEARD_REACH) {
            match vote.not_far_above(head) {
                Err(why) => *wrong = wrong.take().or_else(|| Some(self.malformed(PENDING)(why))),
                Ok(()) if asked.is_ok() => match self.slot("head", baker, vote.at.level) {
                    Ok(slot) if slot == Some(vote.slot) => self.pool.take(head, vote),
                    Ok(_) => {}
                    Err(error) => {
                        asked = Err(error);
                        self.pool.unresolved.insert(vote);
                    }
                },
                Ok(()) if self.pool.unresolved.len() < UNRESOLVED => drop(self.pool.unresolved.insert(vote)),
                Ok(()) => {}
            }
        }
        // Anybody can send what is looked at here: for levels near the head only, not again where it cannot be told, and so
        // many signatures in one look.
        let mut left = RUMOURS;
        for vote in rumours.into_iter().filter(|vote| head.since(vote.at.level) <= REACH) {
            if asked.is_err() {
                break;
            }
            if vote.not_far_above(head).is_err() {
                continue;
            }
            match self.slot("head", baker, vote.at.level) {
                Ok(slot) if slot == Some(vote.slot) => {
                    let new = left > 0 && !self.pool.ours.iter().any(|(_, known)| known.claim == vote.claim);
                    left -= usize::from(new);
                    let vote = if new { self.verified(baker, at, vote) } else { vote };
                    self.pool.take(head, vote);
                }
                Ok(_) => {}
                Err(error) => asked = Err(error),
            }
        }
        asked
    }

    /// The same vote, checked where one of the baker's tz1 keys has signed it. A key that is not known makes it no better and
    /// no worse: the node will check it.
    fn verified(&mut self, baker: &KeyHash, head: &Head, vote: Vote) -> Vote {
        let Some(claim) = vote.claim.clone() else { return vote };
        let known = self.pool.keys.as_ref().filter(|(at, _)| head.level.since(*at) < KEYS_AGAIN && *at <= head.level);
        if known.is_none() {
            let keys = self.tz1_keys(baker).unwrap_or_default();
            self.pool.keys = Some((head.level, keys));
        }
        let mut keys = self.pool.keys.iter().flat_map(|(_, keys)| keys);
        match keys.any(|key| claim.is_signed_by(key, head.chain_id)) {
            true => Vote { proof: Proof::Checked, ..vote },
            false => vote,
        }
    }

    /// How many of the stream's answers have ended; `None` where none is listened to right now.
    pub(super) fn stream_ended(&self) -> Option<u64> {
        let monitor = self.pool.monitor.as_ref()?.as_ref()?;
        Some(monitor.ended()).filter(|ended| monitor.goes_on_since(*ended))
    }

    /// Does the same answer go on?
    pub(super) fn stream_goes_on(&self, since: u64) -> bool {
        self.pool.monitor.as_ref().and_then(Option::as_ref).is_some_and(|monitor| monitor.goes_on_since(since))
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
