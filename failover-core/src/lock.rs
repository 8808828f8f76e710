//! One failover a chain and baker address at a time (S7).
//!
//! | lock | excludes | ends |
//! |---|---|---|
//! | [`FileLock`], always | every other run on this machine, whatever user, whatever state folder | with its process |
//! | `EtcdLock` (feature `etcd`), where configured | runs on other machines too: several backups, several people | with its lease, seconds after its process stopped keeping it alive |
//!
//! A run holds all of its locks to its end, and each is asked again right before whatever arms the backup or stops the
//! primary. Disarming asks none (S12).

use std::fmt;
use std::num::NonZeroU64;

use thiserror::Error;

#[cfg(feature = "etcd")]
pub mod etcd;
mod file;
mod holder;

use std::path::{Path, PathBuf};

pub use file::FileLock;
pub use holder::Holder;

/// A lock that is held until this is dropped.
pub trait FailoverLock: Send {
    /// What it is, for people: a file, a key in etcd.
    fn describe(&self) -> String;

    /// The lock file of a machine, where it is one: a run asks for the one that every other run of its baker on its machine takes
    /// too.
    fn file(&self) -> Option<&Path> {
        None
    }

    /// The number by which a later holder is told from an earlier one, where the lock has one.
    fn token(&self) -> Option<FencingToken> {
        None
    }

    /// Is it known that the lock is gone? Asks nobody and never waits.
    fn lost(&self) -> Option<LockError> {
        None
    }

    /// Is it still held, right now? Asked before every effect that arms; may take some seconds.
    ///
    /// # Errors
    /// [`LockError::Lost`]: it is not, or that cannot be shown.
    fn still_held(&mut self) -> Result<(), LockError>;
}

/// A number that only grows: who takes the lock later has a higher one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct FencingToken(NonZeroU64);

impl FencingToken {
    /// A token; zero is none.
    #[must_use]
    pub const fn new(number: u64) -> Option<Self> {
        match NonZeroU64::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0.get()
    }
}

impl fmt::Display for FencingToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A lock that a run holds, as the journal has it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct HeldLock {
    /// What it is.
    pub lock: String,
    /// Its fencing token, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<FencingToken>,
}

impl HeldLock {
    /// What is held, for the journal.
    #[must_use]
    pub fn of(lock: &dyn FailoverLock) -> Self {
        Self { lock: lock.describe(), token: lock.token() }
    }
}

/// Why the lock was not taken, or is not held any more.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LockError {
    /// Another process on this machine holds it.
    #[error("another run for this baker is in progress on this machine: {holder}")]
    Held {
        /// Who, as far as it can be seen.
        holder: Holder,
    },
    /// Another run holds it in etcd, mostly on another machine.
    #[error("another run for this baker holds the lock in etcd: {holder}{}", ends_within(*left))]
    HeldElsewhere {
        /// Who, by its own words.
        holder: Holder,
        /// How long its lease still lasts if nobody keeps it alive, in seconds.
        left: Option<u64>,
    },
    /// It was held, and is not any more, or that cannot be shown.
    #[error("the lock was lost: {why}{}", held_now(holder.as_ref()))]
    Lost {
        /// How that is known.
        why: String,
        /// Who holds it now, where that is known.
        holder: Option<Holder>,
    },
    /// What has the lock's name is a link, a folder, or something else that a lock is not.
    #[error("{} is not a lock file: {why}", path.display())]
    Suspicious {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The lock file could not be created, opened or locked.
    #[error("the lock {} cannot be used: {why}", path.display())]
    System {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// etcd cannot be asked, or does not let this user write there.
    #[cfg(feature = "etcd")]
    #[error("the lock in etcd cannot be taken: {0}")]
    Etcd(#[from] etcd::EtcdError),
}

fn ends_within(left: Option<u64>) -> String {
    left.map(|seconds| format!("; if it died, the lock is free within {seconds} s")).unwrap_or_default()
}

fn held_now(holder: Option<&Holder>) -> String {
    holder.map(|holder| format!("; now it is held by {holder}")).unwrap_or_default()
}

impl LockError {
    /// The next safe action.
    #[must_use]
    pub const fn next(&self) -> &'static str {
        match self {
            Self::Held { .. } => "let the other run end, or end it and run `failover resume`",
            Self::HeldElsewhere { .. } => {
                "ask who runs it and let it end; where it died, wait until the lock is free and try again"
            }
            Self::Lost { .. } => {
                "find out who else fails this baker over; only when nobody does, run `failover resume`"
            }
            Self::Suspicious { .. } => "find out who made it, and remove it",
            Self::System { .. } => "see who made the file and why this user may not read it; only then try again",
            #[cfg(feature = "etcd")]
            Self::Etcd(error) => error.next(),
        }
    }

    /// Does somebody else hold it, or may they by now? Else it could not even be asked.
    #[must_use]
    pub const fn is_about_another(&self) -> bool {
        matches!(self, Self::Held { .. } | Self::HeldElsewhere { .. } | Self::Lost { .. })
    }
}
