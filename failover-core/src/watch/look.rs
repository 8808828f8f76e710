//! One look: the chain first, then the device where something is to be judged; everything else now and then.

use std::time::Duration;

use super::record::{Finding, Trouble, WatchRole};
use super::votes::{Vote, VoteCount};
use super::{Judge, Watch};
use crate::clock::Clock as _;
use crate::decision::Refusal;
use crate::decision::policy::{FRESH, SETTLED};
use crate::facts::{ChainFacts, LevelActivity, Manner, Scope, Signed, Timestamp, Unknown};
use crate::journal::record::{End, Outcome};
use crate::tezos::Level;

/// Between two looks at 6-second blocks: a foreign signature is seen well within a second (S8).
pub(super) const POLL: Duration = Duration::from_millis(250);
/// Between two looks while blocks cannot be read: then each look reads a lot.
const POLL_BLIND: Duration = Duration::from_secs(1);
/// Services and latch are looked at again after this.
pub(super) const SERVICES: Duration = Duration::from_secs(10);
/// What is unknown for longer than this is said.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// Blocks that cannot be read for this long are passed over.
pub(super) const UNREADABLE: Duration = Duration::from_secs(30);
/// Levels that are read again and again while they cannot be read.
const RETRIED: u64 = 8;
/// It says that it is alive every so many levels: ten minutes.
const ALIVE: u64 = 100;

impl Watch {
    /// Looks once; the end, where it has come.
    pub(super) fn look(&mut self) -> Option<End> {
        let now = self.clock.now();
        let scope =
            Scope { baker: self.policy.baker, from: self.from, primary: false, marks: None, manner: Manner::Usual };
        let chain = self.gatherer.glance(&scope, &self.clock);
        let head = chain.head.as_ref().ok().map(|head| head.value.level);
        if let Ok(seen) = &chain.head
            && seen.value.chain_id != self.policy.chain
        {
            // What another chain shows is no position of ours (H2).
            let refusal = Refusal::WrongChain { found: seen.value.chain_id, expected: self.policy.chain };
            if self.head.is_none() {
                return Some(End::new(Outcome::Refused, refusal.exit(), refusal.to_string(), refusal.next()));
            }
            let unknown = Unknown { why: refusal.to_string(), next: refusal.next() };
            let note = self.lasting.wrong(now, Trouble::Chain, Duration::ZERO, &unknown);
            self.note(note);
            return None;
        }
        if let Some(foreign) = self.judge(now, &chain) {
            return Some(self.stop_foreign(foreign));
        }
        if let Some(signed) = self.denounced(now, &chain) {
            return Some(self.stop_denounced(signed));
        }
        self.chain(now, &chain);
        self.count(now, &chain);
        let guard = self.hands.guard.status();
        let due = self.looked.is_none_or(|at| now.since(at) >= SERVICES) || self.guard.as_ref() != Some(&guard);
        if due {
            self.looked = Some(now);
            if let Some(end) = self.latched(now) {
                return Some(end);
            }
            self.services(now);
            self.take(now, guard, &chain, head);
            self.troubles_here(now, &chain);
        }
        self.readiness(now);
        self.alive(head);
        self.poll = self.poll_for(&chain);
        None
    }

    fn poll_for(&self, chain: &ChainFacts) -> Duration {
        if chain.activity.is_err() {
            return POLL_BLIND;
        }
        let block = chain.block_seconds();
        Duration::from_millis((block.saturating_mul(1000) / 24).clamp(50, 250))
    }

    /// Is the chain seen at all?
    fn chain(&mut self, now: Timestamp, chain: &ChainFacts) {
        let wrong = match &chain.head {
            Err(unknown) => Some(unknown.clone()),
            Ok(head) => {
                let level = head.value.level;
                if self.head.is_none_or(|(known, _)| known != level) {
                    self.head = Some((level, now));
                }
                let since = self.head.map_or(Duration::ZERO, |(_, since)| now.since(since));
                (since >= FRESH).then(|| Unknown {
                    why: format!("the node's head has been at level {level:#} for {} s", since.as_secs()),
                    next: "look at the node with `failover level`: nothing new is seen meanwhile".to_owned(),
                })
            }
        };
        let standing = chain.delegate.as_ref().ok().and_then(|seen| {
            let (baker, delegate) = (self.policy.baker, &seen.value);
            let refusal = match delegate.denunciations.last() {
                Some(denunciation) => Refusal::Denounced { baker, denunciation: denunciation.clone() },
                None if delegate.forbidden || delegate.deactivated => {
                    Refusal::Standing { baker, forbidden: delegate.forbidden }
                }
                None => return None,
            };
            Some(Unknown { why: refusal.to_string(), next: "look at the baker on an explorer".to_owned() })
        });
        let mempool = match &chain.activity {
            Ok(seen) => seen.value.mempool_blind.clone(),
            Err(_) => None,
        };
        let mempool = mempool.map(|why| Unknown {
            why,
            next: "let this machine ask its own node for the mempool; until then a vote is seen a block later"
                .to_owned(),
        });
        let rumours = self.rumours(now, chain);
        let blocks = chain.head.as_ref().ok().and(chain.activity.as_ref().err()).cloned();
        for (what, patience, wrong) in [
            (Trouble::Chain, PATIENCE, wrong),
            (Trouble::Standing, Duration::ZERO, standing),
            (Trouble::Mempool, UNREADABLE, mempool),
            (Trouble::Blocks, PATIENCE, blocks),
            (Trouble::Rumour, PATIENCE, rumours),
        ] {
            self.trouble(now, what, patience, wrong);
        }
    }

    /// Votes in this baker's slot that nobody has checked. The device is not read for them: anybody could keep it busy so.
    /// The own ones among them are explained by the marks that are read next.
    fn rumours(&self, now: Timestamp, chain: &ChainFacts) -> Option<Unknown> {
        let rumours = self.judge.as_ref()?.rumours(now, chain, &self.device);
        let newest = rumours.iter().max_by_key(|rumour| (rumour.since, rumour.signed.at))?;
        let (count, Signed { kind, at, seen_in }) = (rumours.len(), &newest.signed);
        Some(Unknown {
            why: format!(
                "{count} votes for this baker have a signature that the node has not checked, the newest {kind} {at:#} in \
                 {seen_in}: anybody can send such votes, and nothing is stopped"
            ),
            next: "nothing needs to be done: a vote that was really signed is checked by the node or in a block soon, and if \
                   another machine made it, this one is stopped then"
                .to_owned(),
        })
    }

    pub(super) fn trouble(&mut self, now: Timestamp, what: Trouble, patience: Duration, wrong: Option<Unknown>) {
        let note = match wrong {
            Some(unknown) => self.lasting.wrong(now, what, patience, &unknown),
            None => self.lasting.right(now, what),
        };
        self.note(note);
    }

    /// Counts settled levels, and goes on to the next ones. Levels that cannot be read for long are passed over.
    fn count(&mut self, now: Timestamp, chain: &ChainFacts) {
        let Ok(activity) = &chain.activity else {
            let unreadable = self.lasting.lasted(now, Trouble::Blocks) >= UNREADABLE;
            if let (true, Some(from), Ok(head)) = (unreadable, self.from, &chain.head)
                && let Some(last) = head.value.level.below(SETTLED + RETRIED).filter(|last| *last > from)
            {
                self.unread.get_or_insert(from);
                self.from = Some(last);
            }
            return;
        };
        if let (Some(from), Some(next)) = (self.unread.take(), self.from)
            && let Some(to) = next.below(1)
        {
            let why = "these blocks could not be read completely; what was seen in them was judged".to_owned();
            self.note(Finding::Unjudged { from, to, why });
        }
        for level in &activity.value.settled {
            self.count_level(level);
        }
    }

    fn count_level(&mut self, level: &LevelActivity) {
        self.from = Some(level.level.above(1));
        let Some(role) = self.role() else { return };
        // At the floor and below, the device of a machine that took over cannot have signed.
        if self.judge.as_ref().and_then(Judge::floor).is_some_and(|floor| level.level <= floor) {
            return;
        }
        let note = match self.votes.count(level, self.silent) {
            Some(Vote::Missed { level, in_a_row }) => {
                let next = (in_a_row >= self.silent).then(|| match role {
                    WatchRole::Sentinel => {
                        "find out whether the primary is down; if it is, run `failover run` here".to_owned()
                    }
                    WatchRole::Baker => {
                        "look at the baker, the signer and the node here with `failover status`".to_owned()
                    }
                });
                Finding::Missed { level, in_a_row, role, next }
            }
            Some(Vote::Signs { level, after }) => Finding::Signs { level, after },
            None => return,
        };
        self.note(note);
    }

    fn alive(&mut self, head: Option<Level>) {
        let Some(head) = head else { return };
        let last = *self.alive.get_or_insert(head);
        if head.since(last) >= ALIVE {
            self.alive = Some(head);
            let VoteCount { levels, with_rights, missed, .. } = self.votes;
            self.note(Finding::Alive { head, levels, with_rights, missed });
        }
    }
}
