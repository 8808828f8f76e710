//! Why a journal could not be written or read.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a journal could not be written or read. Numbers of lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The file could not be created, opened or looked at.
    #[error("the journal {} cannot be opened: {why}", path.display())]
    Open {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// Another process writes this journal.
    #[error("the journal {} is being written by another process", path.display())]
    InUse {
        /// Which file.
        path: PathBuf,
    },
    /// There is no room: the disk, the quota, the file size limit, or the journal's own limit.
    #[error("there is no room for the journal {}: {why}", path.display())]
    Full {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// The system refused a write or an fsync for another reason.
    #[error("the journal {} cannot be written: {why}", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// The file is not the one that was left after the last record: removed, replaced, or written by somebody else.
    #[error("the journal {} was changed by somebody else: {why}", path.display())]
    Changed {
        /// Which file.
        path: PathBuf,
        /// What is different.
        why: String,
    },
    /// The record cannot be a journal line. Nothing was written.
    #[error("the record cannot be written down: {why}")]
    Record {
        /// What is wrong with it.
        why: String,
    },
    /// A line that is no record, not at the end, where a cut would explain it.
    #[error("line {line} of the journal {} is damaged: {why}", path.display())]
    Bad {
        /// Which file.
        path: PathBuf,
        /// Which line.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// A record is missing, or one stands twice.
    #[error("line {line} of the journal {} is record {found}, not {line}", path.display())]
    Gap {
        /// Which file.
        path: PathBuf,
        /// Which line.
        line: usize,
        /// The number that stands there.
        found: u64,
    },
    /// Written by a newer program.
    #[error("line {line} of the journal {} has version {version}; this program knows {}", path.display(), super::VERSION)]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Which line.
        line: usize,
        /// The version that stands there.
        version: u32,
    },
    /// Larger than any journal is; nothing was read.
    #[error("the journal {} is larger than {limit} bytes", path.display())]
    TooLarge {
        /// Which file.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
}

impl JournalError {
    /// The next safe action.
    #[must_use]
    pub const fn next(&self) -> &'static str {
        match self {
            Self::Open { .. } => "check the path and its permissions, then try again",
            Self::InUse { .. } => "wait for the other run to end, or see what it does with `failover status`",
            Self::Full { .. } => "make room on the disk, then try again",
            Self::Write { .. } => "check the disk, then try again",
            Self::Changed { .. } => "find out who changes the journal; then run `failover stand-down`",
            Self::Record { .. } => "report this as a bug; `failover stand-down` is safe",
            Self::Bad { .. } | Self::Gap { .. } | Self::TooLarge { .. } => {
                "keep the file for later, do not edit it, and run `failover stand-down`"
            }
            Self::Newer { .. } => "use the newer version of failover that wrote it",
        }
    }

    pub(super) fn open(path: &Path, error: &io::Error) -> Self {
        Self::Open { path: path.to_owned(), why: error.to_string() }
    }

    pub(super) fn write(path: &Path, error: &io::Error) -> Self {
        let (path, why) = (path.to_owned(), error.to_string());
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Self::Full { path, why }
            }
            _ => Self::Write { path, why },
        }
    }
}
