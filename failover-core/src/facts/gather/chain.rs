//! What the chain says: the own node's answers, held against its peers and other sources.

use std::collections::BTreeMap;

use super::others::Others;
use super::{Because, Scope, seen};
use crate::chain::agreement::NEAR;
use crate::chain::{ChainError, ChainLevelSource, ChainNode, PeerHead, SETTLED};
use crate::clock::Clock;
use crate::facts::{
    Activity, ChainFacts, Constants, Delegate, Fact, Head, LevelActivity, Pooled, SecondOpinion, Signed, Unknown,
};
use crate::tezos::{KeyHash, Level};

/// Levels that are read below the settled ones before a level was noted.
const LOOK_BACK: u64 = 8;
/// What was seen in the newest blocks is kept for so many levels longer than it takes to settle.
const LINGERS: u64 = 2;
/// New levels read in one gathering at most, so that no gathering takes long.
const LEVELS_AT_ONCE: usize = 24;

/// The same in one glance: what is new is not kept waiting by what is old.
const LEVELS_AT_A_GLANCE: usize = 4;
/// The baker's keys and standing are read again after so many levels, and where a cycle begins.
const DELEGATE_AGAIN: u64 = 10;

/// Gathers from the chain, and remembers what does not change.
pub(super) struct ChainGatherer {
    source: Box<dyn ChainNode>,
    others: Others,
    constants: Option<Constants>,
    delegate: Option<(Head, Fact<Delegate>)>,
    settled: BTreeMap<Level, LevelActivity>,
    recent: Option<(Head, Vec<Signed>)>,
    /// The head of the last glance.
    glanced: Option<crate::facts::Observed<Head>>,
}

impl ChainGatherer {
    pub(super) fn new(source: Box<dyn ChainNode>, others: Vec<Box<dyn ChainLevelSource>>) -> Self {
        Self {
            source,
            others: Others::new(others),
            constants: None,
            delegate: None,
            settled: BTreeMap::new(),
            recent: None,
            glanced: None,
        }
    }

    pub(super) fn name(&self) -> &str {
        self.source.name()
    }

    pub(super) fn sources(&mut self) -> (&mut dyn ChainNode, Vec<&mut dyn ChainLevelSource>) {
        (&mut *self.source, self.others.agreeing())
    }

    fn seen<T, E: Because>(&self, answer: Result<T, E>, clock: &dyn Clock) -> Fact<T> {
        seen(answer, self.source.name(), clock)
    }

    /// Looks at the chain once.
    pub(super) fn gather(&mut self, scope: &Scope, clock: &dyn Clock) -> ChainFacts {
        let head = self.source.head();
        let head = self.seen(head, clock);
        // At once: the others' heads are compared with this one, and the chain goes on meanwhile.
        let (second, others) = match &head {
            Ok(head) => (
                self.second(&head.value, clock),
                self.others.look(&mut *self.source, &head.value, Some(&scope.baker), clock),
            ),
            Err(unknown) => (Err(unknown.clone()), Vec::new()),
        };
        let sync = self.source.sync();
        let sync = self.seen(sync, clock);
        let constants = match self.constants {
            Some(known) => Ok(known),
            None => self.source.constants().inspect(|known| self.constants = Some(*known)),
        };
        let constants = self.seen(constants, clock);
        let (delegate, activity) = match &head {
            Ok(head) => (
                self.delegate(&scope.baker, &head.value, clock),
                self.activity(scope, &head.value, LEVELS_AT_ONCE, clock),
            ),
            Err(unknown) => (Err(unknown.clone()), (Err(unknown.clone()), Vec::new(), Pooled::default())),
        };
        let (activity, accusations, pool) = activity;
        ChainFacts { head, second, others, sync, constants, delegate, activity, accusations, pool }
    }

    /// Looks at everybody's head, and at no baker; with the other sources' own heads.
    pub(super) fn heads(&mut self, clock: &dyn Clock) -> (ChainFacts, Vec<(String, Head)>) {
        let head = self.source.head();
        let head = self.seen(head, clock);
        let (second, others) = match &head {
            Ok(head) => {
                (self.second(&head.value, clock), self.others.look(&mut *self.source, &head.value, None, clock))
            }
            Err(unknown) => (Err(unknown.clone()), Vec::new()),
        };
        let sync = self.source.sync();
        let sync = self.seen(sync, clock);
        let constants = self.source.constants();
        let constants = self.seen(constants, clock);
        let unasked =
            || Unknown { why: "no baker was asked about".to_owned(), next: "run `failover check`".to_owned() };
        let (delegate, activity) = (Err(unasked()), Err(unasked()));
        let (accusations, pool) = (Vec::new(), Pooled::default());
        let chain = ChainFacts { head, second, others, sync, constants, delegate, activity, accusations, pool };
        (chain, self.others.shown())
    }

    /// Looks at the own node alone. Presence counts, whatever says so (S8), so no second opinion is asked for.
    pub(super) fn glance(&mut self, scope: &Scope, clock: &dyn Clock) -> ChainFacts {
        // What the node would have told of is not asked for; what guards a run is always asked.
        let head = match &self.glanced {
            Some(known) if self.source.head_stays(&known.value.hash) => Ok(known.clone()),
            _ => {
                let head = self.source.head();
                self.seen(head, clock)
            }
        };
        self.glanced = head.as_ref().ok().cloned();
        let constants = match self.constants {
            Some(known) => Ok(known),
            None => self.source.constants().inspect(|known| self.constants = Some(*known)),
        };
        let constants = self.seen(constants, clock);
        let ((activity, accusations, pool), delegate) = match &head {
            Ok(head) => (
                self.activity(scope, &head.value, LEVELS_AT_A_GLANCE, clock),
                self.delegate_lately(&scope.baker, &head.value, clock),
            ),
            Err(unknown) => ((Err(unknown.clone()), Vec::new(), Pooled::default()), Err(unknown.clone())),
        };
        let unasked = || Unknown { why: "it was not asked".to_owned(), next: "run `failover level`".to_owned() };
        ChainFacts {
            head,
            second: Err(unasked()),
            others: Vec::new(),
            sync: Err(unasked()),
            constants,
            delegate,
            activity,
            accusations,
            pool,
        }
    }

    /// How many levels are remembered.
    pub(super) fn remembered(&self) -> usize {
        self.settled.len()
    }

    fn second(&mut self, head: &Head, clock: &dyn Clock) -> Fact<SecondOpinion> {
        let peers = self.source.peers_heads();
        let opinion = peers.map(|peers| {
            let agreeing: Vec<&PeerHead> = peers.iter().filter(|peer| self.agrees(head, peer)).collect();
            let highest = agreeing.iter().map(|p| p.level).max().unwrap_or(head.level).max(head.level);
            SecondOpinion { asked: peers.len(), agreeing: agreeing.len(), highest }
        });
        self.seen(opinion, clock)
    }

    /// A peer agrees where it has the same block at the lower of both heads, near enough to be compared. What
    /// is above the own head cannot be, and is believed for as many levels (H20).
    fn agrees(&mut self, head: &Head, peer: &PeerHead) -> bool {
        match peer.level.get().cmp(&head.level.get()) {
            std::cmp::Ordering::Equal => peer.hash == head.hash,
            std::cmp::Ordering::Greater => peer.level.since(head.level) <= NEAR,
            std::cmp::Ordering::Less => {
                head.level.since(peer.level) <= NEAR
                    && self.source.hash_at(peer.level).is_ok_and(|hash| hash == peer.hash)
            }
        }
    }

    fn delegate(&mut self, baker: &KeyHash, head: &Head, clock: &dyn Clock) -> Fact<Delegate> {
        if let Some((at, known)) = &self.delegate
            && at == head
        {
            return known.clone();
        }
        let answer = self.source.delegate(baker);
        let fact = self.seen(answer, clock);
        if fact.is_ok() {
            self.delegate = Some((head.clone(), fact.clone()));
        }
        fact
    }

    /// The baker as it was read lately: its keys change only where a cycle begins.
    fn delegate_lately(&mut self, baker: &KeyHash, head: &Head, clock: &dyn Clock) -> Fact<Delegate> {
        // A head that went back may be in the cycle before.
        let known = match &self.delegate {
            Some((at, Ok(known))) if head.level >= at.level => {
                Some((head.level.since(at.level), known.value.levels_to_next_cycle, known.clone()))
            }
            _ => None,
        };
        match known {
            Some((since, left, known)) if since < DELEGATE_AGAIN.min(left) => Ok(known),
            Some((since, left, known)) if since <= left => self.delegate(baker, head, clock).or(Ok(known)),
            _ => self.delegate(baker, head, clock),
        }
    }

    /// What the baker signed, or why that is not known, with what was seen of it all the same; and the mempool.
    fn activity(
        &mut self,
        scope: &Scope,
        head: &Head,
        levels: usize,
        clock: &dyn Clock,
    ) -> (Fact<Activity>, Vec<Signed>, Pooled) {
        let mut seen = Vec::new();
        let mut settled = self.settled(scope, head, levels, &mut seen);
        if let (Ok(found), Err(error)) = (&settled, self.silence_can_be_counted(scope, head)) {
            seen.extend(found.iter().flat_map(|level| level.signed.clone()));
            settled = Err(error);
        }
        let recent = self.recent(scope, head, &mut seen);
        let mempool = self.source.mempool(&scope.baker, head);
        let mempool_blind = mempool.as_ref().err().map(ToString::to_string);
        let pool = mempool.unwrap_or_default();
        let answer = match (settled, recent) {
            (Ok(settled), Ok(mut recent)) => {
                recent.extend(pool.signed.iter().cloned());
                let activity = Activity { settled, recent, mempool_blind };
                return (self.seen(Ok::<_, ChainError>(activity), clock), Vec::new(), pool);
            }
            (Err(error), recent) => {
                seen.extend(recent.unwrap_or_default());
                error
            }
            (Ok(settled), Err(error)) => {
                seen.extend(settled.into_iter().flat_map(|level| level.signed));
                error
            }
        };
        seen.extend(pool.signed.iter().cloned());
        (self.seen(Err(answer), clock), seen, pool)
    }

    /// While the primary signs, its votes say that it has rights. Whether the node lets them be asked for is known here,
    /// before the primary is stopped, and not only when nothing is signed any more.
    fn silence_can_be_counted(&mut self, scope: &Scope, head: &Head) -> Result<(), ChainError> {
        match scope.from {
            Some(_) => Ok(()),
            None => self.source.may_attest(&scope.baker, head.level).map(drop),
        }
    }

    fn settled(
        &mut self,
        scope: &Scope,
        head: &Head,
        levels: usize,
        seen: &mut Vec<Signed>,
    ) -> Result<Vec<LevelActivity>, ChainError> {
        let Some(last) = head.level.below(SETTLED) else { return Ok(Vec::new()) };
        let first = scope.from.unwrap_or_else(|| last.below(LOOK_BACK).unwrap_or(Level::FIRST));
        // Nobody asks for what is below any more.
        self.settled.retain(|level, _| *level >= first);
        let mut found = Vec::new();
        let mut wrong = None;
        let mut read = 0;
        for level in first.to(last) {
            if let Some(known) = self.settled.get(&level) {
                found.push(known.clone());
                continue;
            }
            if read == levels {
                break;
            }
            read += 1;
            match self.source.activity(&scope.baker, level) {
                Ok(activity) => {
                    self.settled.insert(level, activity.clone());
                    found.push(activity);
                }
                // The levels above are read all the same: they may accuse (S8).
                Err(error @ ChainError::Incomplete { .. }) => {
                    seen.extend_from_slice(error.seen());
                    wrong = wrong.or(Some(error));
                }
                Err(error) => {
                    wrong = wrong.or(Some(error));
                    break;
                }
            }
        }
        let Some(error) = wrong else { return Ok(found) };
        seen.extend(found.into_iter().flat_map(|level| level.signed));
        Err(error)
    }

    /// Levels above the settled ones, as they are now; a block that goes away again was still seen.
    fn recent(&mut self, scope: &Scope, head: &Head, seen: &mut Vec<Signed>) -> Result<Vec<Signed>, ChainError> {
        let mut known = match &self.recent {
            Some((at, known)) if at == head => return Ok(known.clone()),
            Some((_, known)) => known.clone(),
            None => Vec::new(),
        };
        known.retain(|s| s.at.level.above(SETTLED + LINGERS) > head.level);
        let newest = self.source.newest(&scope.baker, head);
        let mut found = newest.as_ref().map_or_else(|error| error.seen().to_vec(), Clone::clone);
        let mut wrong = newest.err();
        for level in (1..SETTLED).rev().filter_map(|below| head.level.below(below)) {
            // A block being replaced while it is read is no fault: the level is read again when it is settled.
            match self.source.activity(&scope.baker, level) {
                Ok(activity) => found.extend(activity.signed),
                Err(error @ (ChainError::Incomplete { .. } | ChainError::Missing { .. })) => {
                    found.extend_from_slice(error.seen());
                }
                Err(error) => {
                    wrong = wrong.or(Some(error));
                    break;
                }
            }
        }
        for signed in found {
            if !known.contains(&signed) {
                known.push(signed);
            }
        }
        if let Some(error) = wrong {
            seen.extend(known);
            return Err(error);
        }
        self.recent = Some((head.clone(), known.clone()));
        Ok(known)
    }
}

#[cfg(test)]
mod tests;
