//! PURE: whose a position is, over days. The rule is the decision's ([`foreign`]); here is what a long watch adds: each
//! position is judged once, what cannot be judged yet is kept, and nothing grows without bound.

use std::collections::{BTreeSet, VecDeque};

use crate::decision::{Foreign, Kept, Noted, Path, Progress, Started, ThisSession, denounced, foreign, rumours};
use crate::facts::{
    Asked, BackupFacts, ChainFacts, DeviceState, Fact, Facts, Marks, PrimaryFacts, Rumour, Signed, Timestamp, Unknown,
};
use crate::tezos::{Kind, Level};

/// Own positions that are remembered: some hundred levels. Nothing older is shown again by a node.
const OWN_KEPT: usize = 512;
/// Undecided positions that are remembered; of more, the lowest and the highest of each kind stand for those between.
const PENDING_KEPT: usize = 256;

/// What is judged, and against what.
#[derive(Debug, Clone)]
pub struct Judge {
    /// B, the start and its marks, as the decision's rule takes them.
    progress: Progress,
    /// Seen while the marks were not known.
    pending: Vec<Signed>,
    /// The last positions that were judged own.
    own: VecDeque<Signed>,
}

/// A verdict on everything that was not judged before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Judged {
    /// Signed by another device, without doubt.
    pub foreign: Vec<Signed>,
    /// Not known yet.
    pub undecided: usize,
}

impl Judge {
    /// After a run: B, the floor and the start's marks from its journal.
    #[must_use]
    pub fn after(run: &Kept) -> Self {
        let Kept { noted, started, earlier, signers, .. } = run.clone();
        Self::new(Kept { noted, started, earlier, signers, ..Kept::default() })
    }

    /// On a machine that always baked: from `first` on, whatever lies above the device's own marks is foreign.
    #[must_use]
    pub fn alone(first: Level) -> Self {
        let bound = first.below(1).unwrap_or(Level::FIRST);
        let started = Started { floor: Level::FIRST, marks: Marks::default(), path: Path::Controlled, complete: true };
        Self::new(Kept { noted: Some(Noted { head: first, bound }), started: Some(started), ..Kept::default() })
    }

    fn new(kept: Kept) -> Self {
        Self { progress: Progress { kept, session: ThisSession::default() }, pending: Vec::new(), own: VecDeque::new() }
    }

    /// The first level that is judged.
    #[must_use]
    pub fn first(&self) -> Level {
        self.progress.kept.noted.map_or(Level::FIRST, |noted| noted.bound.above(1))
    }

    /// The floor of the run, where there was one.
    #[must_use]
    pub fn floor(&self) -> Option<Level> {
        self.progress.kept.started.map(|started| started.floor).filter(|floor| *floor > Level::FIRST)
    }

    /// Is there anything that these marks do not explain? They may be older than the positions: a mark that explains a
    /// position explains it for ever, and one that does not asks for a new reading.
    #[must_use]
    pub fn is_unexplained(&mut self, now: Timestamp, chain: &ChainFacts, device: &Fact<DeviceState>) -> bool {
        let found = self.sort(now, chain, device);
        !found.certain.is_empty() || !found.undecided.is_empty()
    }

    /// Judges what was seen against the device's marks, read after it was seen (S8).
    pub fn judge(&mut self, now: Timestamp, chain: &ChainFacts, device: &Fact<DeviceState>) -> Judged {
        let found = self.sort(now, chain, device);
        let undecided = found.undecided.len();
        self.pending = found.undecided;
        self.thin();
        Judged { foreign: found.certain, undecided }
    }

    /// Votes in this baker's slot that nobody has checked and these marks do not explain.
    #[must_use]
    pub fn rumours(&self, now: Timestamp, chain: &ChainFacts, device: &Fact<DeviceState>) -> Vec<Rumour> {
        if chain.pool.rumours.is_empty() {
            return Vec::new();
        }
        rumours(&facts(now, chain, device.clone(), Vec::new()), &self.progress)
    }

    /// What was signed twice, where the chain has proof of it: the decision's rule after a start. `past`: positions that
    /// a person has answered for since, by `failover clear`.
    #[must_use]
    pub fn denounced(&self, now: Timestamp, chain: &ChainFacts, past: impl Fn(Level) -> bool) -> Option<Vec<Signed>> {
        let mut chain = chain.clone();
        let delegate = &mut chain.delegate.as_mut().ok()?.value;
        delegate.denunciations.retain(|denunciation| denunciation.what.is_none_or(|(_, at)| !past(at.level)));
        let seen = self.own.iter().chain(&self.pending).chain(chain.seen()).cloned().collect();
        let unread = Unknown { why: "it was not asked".to_owned(), next: "run `failover status`".to_owned() };
        denounced(&facts(now, &chain, Err(unread), seen), &self.progress)
    }

    /// The last positions that are this device's own as far as its marks tell.
    pub fn own(&self) -> impl Iterator<Item = &Signed> {
        self.own.iter()
    }

    /// How many positions are kept.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.own.len().saturating_add(self.pending.len())
    }

    /// Sorts what is new; what is own is remembered as such.
    fn sort(&mut self, now: Timestamp, chain: &ChainFacts, device: &Fact<DeviceState>) -> Foreign {
        if let Ok(delegate) = &chain.delegate {
            self.progress.session.followed.look(&delegate.value);
        }
        let new = self.candidates(chain);
        if new.is_empty() && chain.pool.conflicts.is_empty() {
            return Foreign::default();
        }
        let facts = facts(now, chain, device.clone(), new.clone());
        let found = foreign(&facts, &self.progress);
        let others: BTreeSet<(Kind, _)> =
            found.certain.iter().chain(&found.undecided).map(|s| (s.kind, s.at)).collect();
        self.own.extend(new.into_iter().filter(|s| !others.contains(&(s.kind, s.at))));
        self.own.drain(..self.own.len().saturating_sub(OWN_KEPT));
        found
    }

    /// Everything seen above B that was not judged own before, each position once.
    fn candidates(&self, chain: &ChainFacts) -> Vec<Signed> {
        let mut known: BTreeSet<(Kind, _)> = self.own.iter().map(|s| (s.kind, s.at)).collect();
        let first = self.first();
        let seen = self.pending.iter().chain(chain.seen()).filter(|s| s.at.level >= first);
        seen.filter(|s| known.insert((s.kind, s.at))).cloned().collect()
    }

    /// Of too many, the lowest and the highest of each kind: a mark that explains both explains all between.
    fn thin(&mut self) {
        if self.pending.len() <= PENDING_KEPT {
            return;
        }
        let ends = |kind: Kind| {
            let of_kind = || self.pending.iter().filter(move |s| s.kind == kind);
            [of_kind().min_by_key(|s| s.at), of_kind().max_by_key(|s| s.at)].into_iter().flatten().cloned()
        };
        self.pending = Kind::ALL.into_iter().flat_map(ends).collect();
    }
}

/// Facts as the decision's rule takes them: of the chain what is to be judged, of the machines the device.
fn facts(now: Timestamp, chain: &ChainFacts, device: Fact<DeviceState>, seen: Vec<Signed>) -> Facts {
    let unasked = || Unknown { why: "it was not asked".to_owned(), next: "run `failover status`".to_owned() };
    Facts {
        now,
        asked: Asked::at(now),
        chain: ChainFacts { activity: Err(unasked()), accusations: seen, ..chain.clone() },
        primary: PrimaryFacts::unknown(&unasked()),
        backup: BackupFacts {
            identity: Err(unasked()),
            services: Err(unasked()),
            guard: Err(unasked()),
            boot_guard: Err(unasked()),
            permit: Err(unasked()),
            claims: Err(unasked()),
            device,
        },
    }
}

#[cfg(test)]
mod tests;
