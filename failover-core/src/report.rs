//! What a run did, drawn from its journal: as a Markdown page, or as one HTML page that needs nothing else.
//!
//! [`Report::of`] is a pure function of the records; the two pages are drawn from it. Whatever the journal does not
//! know is `None` there and "unknown" on the page, never 0 (S3). A journal holds no secret (S9), so a report holds none;
//! it does name machines, files and amounts.
//!
//! Any journal can be told: a finished run, one that was refused, one that still goes on or was cut off anywhere, one of
//! an older version, which says less.

use std::collections::BTreeSet;

use crate::clock::Timestamp;
use crate::decision::{NonceOutcome, Path};
use crate::journal::Entry;
use crate::journal::record::{End, Outcome, Plan, Record};
use crate::state::PlanId;
use crate::tezos::{ChainId, KeyHash};

mod cost;
mod fence;
mod html;
mod levels;
mod markdown;
mod marks;
mod nonces;
mod points;
mod session;
mod timeline;
mod warnings;
mod words;

pub use cost::Cost;
pub use fence::Proof;
pub use levels::Levels;
pub use marks::KeyMarks;
pub use points::{Point, PointOf};
pub use session::ReportedSession;
pub use timeline::{Event, What};
pub(crate) use words::number;

/// A run, as its journal tells it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Report {
    /// Whose run it was; `None`: the journal does not begin as a run does.
    pub baker: Option<ReportedBaker>,
    /// The plan's id.
    pub plan: Option<PlanId>,
    /// It was a rehearsal on simulated machines: this one. `None` is no proof of the opposite in an older journal.
    pub drill: Option<ReportedDrill>,
    /// When the first record was written.
    pub began: Option<Timestamp>,
    /// When the last one was.
    pub last: Option<Timestamp>,
    /// How many records there are.
    pub records: usize,
    /// Bytes of a last record that was cut off.
    pub torn: Option<usize>,
    /// The versions that wrote it, in order.
    pub versions: Vec<String>,
    /// How the primary was to be fenced, as far as the run came.
    pub path: Option<Path>,
    /// How it ended; `None`: it has no end. An interrupted session's end is not the run's.
    pub end: Option<End>,
    /// The sessions: one, and one more for every time that the run was taken up again.
    pub sessions: Vec<ReportedSession>,
    /// The levels that matter.
    pub levels: Levels,
    /// The fence's rungs as they stood last.
    pub fence: Vec<Proof>,
    /// The backup's baker was started at this time.
    pub started: Option<Timestamp>,
    /// What happened, in order.
    pub timeline: Vec<Event>,
    /// The marks of every key that was raised.
    pub marks: Vec<KeyMarks>,
    /// What became of the primary's seed nonces; `None`: the run did not come to them.
    pub nonces: Option<NonceOutcome>,
    /// What it cost, and what it was about to cost.
    pub cost: Cost,
    /// What a person should know.
    pub warnings: Vec<String>,
    /// The next safe action.
    pub next: String,
}

/// Whose run it was.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct ReportedBaker {
    /// The name, as a person types it.
    pub name: String,
    /// The baker's address.
    pub address: KeyHash,
    /// The chain.
    pub chain: ChainId,
    /// Levels between what the primary may have signed and the floor.
    pub margin: u64,
}

/// Which rehearsal it was, and what the simulator's book says.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct ReportedDrill {
    /// Which scenario.
    pub scenario: String,
    /// Which signer: `tezsign` or `ledger`.
    pub signer: String,
    /// The same seed, the same drill.
    pub seed: u64,
    /// How many signatures both machines made.
    pub signatures: usize,
    /// What was signed twice.
    pub signed_twice: Vec<String>,
}

/// How much a person should worry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tone {
    /// Baking resumed, or the run stood down as it was told.
    Good,
    /// It ended otherwise, and nothing unsafe happened.
    Held,
    /// It has no end.
    Open,
    /// Another machine signs, or the backup is not known to be stopped.
    Danger,
}

impl Report {
    /// Tells a run from its records. `torn`: bytes of a last record that was cut off.
    #[must_use]
    pub fn of(entries: &[Entry<Record>], torn: Option<usize>) -> Self {
        let sessions = session::sessions(entries);
        let begun = entries.iter().find_map(|entry| match &entry.record {
            Record::Begin { plan, policy, .. } => Some((*plan, policy)),
            _ => None,
        });
        let end = sessions.last().and_then(|last| last.end.clone());
        let levels = Levels::of(entries);
        let timeline = timeline::timeline(entries);
        let mut versions: Vec<String> = sessions.iter().map(|session| session.version.clone()).collect();
        versions.dedup();
        Self {
            baker: begun.map(|(_, policy)| ReportedBaker {
                name: policy.name.clone(),
                address: policy.baker,
                chain: policy.chain,
                margin: policy.margin,
            }),
            plan: begun.map(|(plan, _)| plan),
            drill: entries.iter().rev().find_map(|entry| drill(&entry.record)),
            began: entries.first().map(|entry| entry.at),
            last: told(entries).map(|entry| entry.at),
            records: entries.len(),
            torn,
            versions,
            path: fence::path(entries),
            next: next(entries, end.as_ref()),
            sessions,
            fence: fence::proofs(entries),
            started: fence::started(entries),
            marks: marks::marks(entries),
            nonces: nonces::nonces(entries),
            cost: Cost::of(entries),
            warnings: warnings::warnings(entries, torn, &timeline),
            levels,
            timeline,
            end,
        }
    }

    /// The report as a Markdown page, which reads well as plain text.
    #[must_use]
    pub fn markdown(&self) -> String {
        markdown::page(self)
    }

    /// The report as one HTML page: no script, nothing that is loaded, light and dark, for a screen, a phone and paper.
    #[must_use]
    pub fn html(&self) -> String {
        html::page(self)
    }

    fn name(&self) -> &str {
        self.baker.as_ref().map_or("a baker that the journal does not name", |baker| baker.name.as_str())
    }

    fn tone(&self) -> Tone {
        let twice = self.drill.as_ref().is_some_and(|drill| !drill.signed_twice.is_empty());
        let loose = self.sessions.iter().rev().find_map(|session| session.disarmed) == Some(false);
        match &self.end {
            _ if twice || loose || !self.levels.foreign.is_empty() => Tone::Danger,
            None => Tone::Open,
            Some(end) if end.exit == 0 => Tone::Good,
            Some(end) if end.exit == 5 => Tone::Danger,
            Some(_) => Tone::Held,
        }
    }

    /// How it ended, in two or three words.
    fn verdict(&self) -> String {
        match &self.end {
            None if self.records == 0 => "Nothing was recorded".to_owned(),
            None => "No end yet".to_owned(),
            Some(end) => match &end.outcome {
                Outcome::Duplicate => "Another machine signs".to_owned(),
                Outcome::StoodDown => "Stood down".to_owned(),
                Outcome::NotReady => "Not ready".to_owned(),
                Outcome::Locked => "The lock was lost".to_owned(),
                word => capital(&word.to_string()),
            },
        }
    }

    /// How it ended, in a sentence.
    fn message(&self) -> String {
        match &self.end {
            Some(end) => end.message.clone(),
            None if self.records == 0 => "the journal is empty: no effect was tried".to_owned(),
            None => "the journal has no end: the run goes on at this moment, or it was cut off".to_owned(),
        }
    }
}

/// The records of the run; what a drill added came afterwards.
fn told(entries: &[Entry<Record>]) -> Option<&Entry<Record>> {
    entries.iter().rev().find(|entry| !matches!(entry.record, Record::Rehearsed { .. }))
}

fn drill(record: &Record) -> Option<ReportedDrill> {
    let Record::Rehearsed { scenario, signer, seed, signatures, signed_twice } = record else { return None };
    Some(ReportedDrill {
        scenario: scenario.clone(),
        signer: signer.clone(),
        seed: *seed,
        signatures: *signatures,
        signed_twice: signed_twice.clone(),
    })
}

fn next(entries: &[Entry<Record>], end: Option<&End>) -> String {
    match end {
        Some(end) => end.next.clone(),
        None if entries.is_empty() => "run `failover run` again: nothing was done".to_owned(),
        None => "where no run goes on at this moment: `failover resume` to go on, or `failover stand-down`".to_owned(),
    }
}

/// The plan of the run.
fn planned(entries: &[Entry<Record>]) -> Option<&Plan> {
    entries.iter().find_map(|entry| match &entry.record {
        Record::Plan(plan) => Some(plan),
        _ => None,
    })
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Each once, in the order in which it came first.
fn once<T: Ord + Clone>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut seen = BTreeSet::new();
    items.into_iter().filter(|item| seen.insert(item.clone())).collect()
}
