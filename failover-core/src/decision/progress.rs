//! How far a run is: rebuilt from the journal, and from what this session has seen itself.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::followed::Followed;
use super::ladder::StepKind;
use super::policy::{REFUSAL_LIFE, STATEMENT_LIFE};
use super::vocabulary::{Path, Statement, Word};
use crate::facts::{ClaimAnswer, Head, KeyName, KeyState, Marks, Merged, NonceCount, Timestamp};
use crate::tezos::Level;

/// An earlier run of this baker that was refused because nothing fenced the primary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusedBefore {
    /// When.
    pub at: Timestamp,
    /// h and B then: silence is counted from there.
    pub noted: Noted,
}

impl RefusedBefore {
    /// Does it still count, as far as its age says it?
    #[must_use]
    pub fn counts(&self, now: Timestamp) -> bool {
        now.since(self.at) < REFUSAL_LIFE
    }
}

/// What was noted when the fence's first or last word was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Noted {
    /// h: the highest agreed fresh head.
    pub head: Level,
    /// B: the highest level that the primary may have signed. Takes its first value once in a run.
    pub bound: Level,
}

impl Noted {
    /// Silence is counted above this: above B, and where B is exact and below the head, above the head. What was silent
    /// before the stop was read back says nothing of a primary that goes on.
    #[must_use]
    pub fn silent_above(&self) -> Level {
        self.bound.max(self.head)
    }
}

/// How many levels the baker has missed in a cycle, and since which head it has been so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missed {
    /// The cycle: the next one counts from the beginning.
    pub cycle: u64,
    /// How many.
    pub levels: u64,
    /// Read first at this head, where everything below it was counted.
    pub since: Level,
}

/// The start of the backup's baker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Started {
    /// The floor then (F).
    pub floor: Level,
    /// The consensus key's marks then, read back.
    pub marks: Marks,
    /// How the primary was fenced.
    pub path: Path,
    /// Did the step end, or was the run cut off in it?
    pub complete: bool,
}

/// What became of the primary's seed nonces (H16).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NonceOutcome {
    /// They are here.
    Merged(Merged),
    /// They are not.
    Missing {
        /// The last reason.
        why: String,
        /// How many the primary has, where its files were read.
        theirs: Option<NonceCount>,
    },
}

impl fmt::Display for NonceOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Merged(merged) => merged.fmt(f),
            Self::Missing { why, theirs: Some(theirs) } => write!(f, "not merged, {theirs} on the primary: {why}"),
            Self::Missing { why, theirs: None } => write!(f, "not merged, how many is unknown: {why}"),
        }
    }
}

/// What was found unlocked on the backup's device before anything was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundUnlocked {
    /// The head then.
    pub head: Level,
    /// The keys and their marks; empty: nothing was unlocked.
    pub marks: Vec<(KeyName, Marks)>,
}

/// How far a run is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// What survives the process: the journal has it, and a resume begins with it.
    pub kept: Kept,
    /// What does not: a resume begins without it, and looks again (S6).
    pub session: ThisSession,
}

/// What is known of a run whichever session did it: read from its journal when it is taken up again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// The person has seen the plan and said yes.
    pub proceed: bool,
    /// Said yes to, and when.
    pub statements: BTreeMap<Statement, Timestamp>,
    /// h and B.
    pub noted: Option<Noted>,
    /// The start, once tried: what the backup signed itself is not foreign.
    pub started: Option<Started>,
    /// Earlier starts of this run: the marks at the start, and those when the marks were raised again.
    pub earlier: Vec<(Marks, Marks)>,
    /// What became of the primary's seed nonces; for what is said at the end.
    pub nonces: Option<NonceOutcome>,
    /// This run's permit was made, or was about to be.
    pub permit: bool,
    /// An earlier session may have left keys that can sign: it died after it armed them, or while it proved the passphrase.
    pub left_armed: bool,
    /// When an earlier session asked for an unlock of which it did not write down that it was answered.
    pub unlock_since: Option<Timestamp>,
    /// A stop was sent to the primary.
    pub stop_sent: bool,
    /// The head at which the start was first held for a vote that nobody had checked: that is done once in a run.
    pub held_from: Option<Level>,
    /// The names, on the backup's device, of every key that this run has armed.
    pub signers: Vec<KeyName>,
}

/// What this session has seen, asked and tried itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ThisSession {
    /// The person looked at the Ledger's setting: enabled, or not (H17).
    pub ledger_setting: Option<bool>,
    /// An earlier run was refused because nothing fenced the primary.
    pub refused_before: Option<RefusedBefore>,
    /// Since when the power status has said off.
    pub power_off_since: Option<Timestamp>,
    /// Since when no key of the backup's signer can sign.
    pub locked_since: Option<Timestamp>,
    /// When the primary answered last (H38).
    pub answered: Option<Timestamp>,
    /// Said no to.
    pub denied: Vec<Statement>,
    /// The floor that marks were last raised to.
    pub floor: Option<Level>,
    /// The backup was fenced from itself.
    pub fenced_self: bool,
    /// The sign interface is held, by this process.
    pub holding: bool,
    /// The passphrase was proved.
    pub passphrase: bool,
    /// An interrupted run was taken up again: it makes no permit (S13).
    pub resumed: bool,
    /// What came of the claim on the primary.
    pub claim: Option<ClaimAnswer>,
    /// The keys as they were while they were unlocked for that (H29).
    pub proved: Vec<KeyState>,
    /// The marks of the keys that were found unlocked at its first look, and the head then (H43).
    pub found: Option<FoundUnlocked>,
    /// Keys were unlocked or authorized.
    pub armed: bool,
    /// Why the keys could not be read back as locked, at its last disarming.
    pub not_locked: Option<String>,
    /// How often each step failed, with the last reason.
    pub failures: BTreeMap<StepKind, (u32, String)>,
    /// How often a prompt on a Ledger's screen was given up.
    pub given_up: u32,
    /// The person rejected the last one.
    pub rejected: bool,
    /// How often each step was tried.
    pub tried: BTreeMap<StepKind, u32>,
    /// Since when every reading of the primary said stopped.
    pub stopped_since: Option<Timestamp>,
    /// The highest marks of the consensus key that were seen.
    pub own_marks: Option<Marks>,
    /// Silence is counted above this level: B, or where an interrupted run was taken up again (S6).
    pub silent_above: Option<Level>,
    /// The missed levels, as long as they do not change.
    pub missed: Option<Missed>,
    /// The head at which it saw them first.
    pub watched_from: Option<Level>,
    /// The last head, and since when it is the same (H21).
    pub head: Option<(Level, Timestamp)>,
    /// The first head of this session: whatever is above it came while it was watched.
    pub first_head: Option<Level>,
    /// Since when the chain has not been as it must be.
    pub closed_since: Option<Timestamp>,
    /// Since when something that is needed is unknown.
    pub unknown_since: Option<Timestamp>,
    /// Since when a key change has been near, in the middle of the run.
    pub key_change_since: Option<Timestamp>,
    /// The baker's active consensus key, and those before it, as far as they were seen.
    pub followed: Followed,
    /// What the wall clock showed when the last head came.
    pub came: Option<Timestamp>,
    /// The last look: when it began, and what the wall clock showed then.
    pub looked: Option<(Timestamp, Timestamp)>,
    /// Silence starts over at the next head that is known.
    pub silence_anew: bool,
    /// The head at which the missed levels were seen last, and how often it leapt since: the process stood still then.
    pub missed_at: Option<(Level, u32)>,
}

impl Progress {
    /// The clock was set, or the process stood still: what was seen before says nothing of the time between. The stop is
    /// read twice again and silence starts over, as in a resume; statements keep their age.
    pub const fn count_anew(&mut self) {
        (self.session.stopped_since, self.session.power_off_since, self.session.silent_above) = (None, None, None);
        self.session.silence_anew = true;
    }

    /// When a statement was made, where it still holds. One from the future does not count: how old it is cannot be told.
    #[must_use]
    pub fn stated(&self, statement: Statement, now: Timestamp) -> Option<Timestamp> {
        self.kept.statements.get(&statement).copied().filter(|at| *at <= now && now.since(*at) < STATEMENT_LIFE)
    }

    /// What stands for the cable, and since when: the earliest of all that hold, because one is enough. What says that the
    /// machine is off counts from its last answer on (H38).
    #[must_use]
    pub fn word(&self, now: Timestamp) -> Option<(Word, Timestamp)> {
        let silent = |at: Timestamp| self.session.answered.map_or(at, |answered| at.max(answered));
        let off = self.stated(Statement::PoweredOff, now);
        [
            self.stated(Statement::Disconnected, now).map(|at| (Word::Person(Statement::Disconnected), at)),
            off.map(|at| (Word::Person(Statement::PoweredOff), silent(at))),
            self.session.power_off_since.map(|at| (Word::PowerStatus, silent(at))),
        ]
        .into_iter()
        .flatten()
        .min_by_key(|(_, at)| *at)
    }

    /// How old a head was when it came, where it came while it was watched: an old one is no slow chain's (H13).
    #[must_use]
    pub fn age_when_it_came(&self, head: &Head) -> Option<Duration> {
        let (level, _) = self.session.head.filter(|(level, _)| *level == head.level)?;
        self.session.first_head.filter(|first| level > *first).and(self.session.came).map(|at| at.since(head.timestamp))
    }

    /// For how long something that is needed has been unknown.
    #[must_use]
    pub fn unknown_for(&self, now: Timestamp) -> Duration {
        self.session.unknown_since.map_or(Duration::ZERO, |since| now.since(since))
    }

    /// For how long the chain has not been as it must be.
    #[must_use]
    pub fn closed_for(&self, now: Timestamp) -> Duration {
        self.session.closed_since.map_or(Duration::ZERO, |since| now.since(since))
    }

    /// How often a step failed, and why last.
    #[must_use]
    pub fn failed(&self, step: StepKind) -> Option<&(u32, String)> {
        self.session.failures.get(&step)
    }
}
