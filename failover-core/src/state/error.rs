//! Why the state folder could not be used.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why the state folder, or a file in it, could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StateError {
    /// There is no such folder.
    #[error("there is no state folder {}", path.display())]
    Missing {
        /// Which folder.
        path: PathBuf,
    },
    /// It is no folder, or others than its owner may write into it.
    #[error("{} is not a safe state folder: {why}", path.display())]
    Unsafe {
        /// Which folder.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A file or folder could not be read.
    #[error("{} cannot be read: {why}", path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// A file or folder could not be written, removed or made durable.
    #[error("{} cannot be written: {why}", path.display())]
    Write {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// A file does not hold what it should.
    #[error("{} is damaged: {why}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Written by a newer program.
    #[error("{} has version {version}, which this program does not know", path.display())]
    Newer {
        /// Which file.
        path: PathBuf,
        /// The version that stands there.
        version: u32,
    },
    /// A journal could not be read.
    #[error(transparent)]
    Journal(#[from] crate::jsonl::JournalError),
}

impl StateError {
    /// The next safe action.
    #[must_use]
    pub const fn next(&self) -> &'static str {
        match self {
            Self::Missing { .. } => {
                "run `failover check` as the user that will run the failover, or name the folder with --state"
            }
            Self::Unsafe { .. } => {
                "make it a folder that only its owner may write into (chmod 700), or name another with --state"
            }
            Self::Read { .. } => "run as the user that owns the state folder",
            Self::Write { .. } => "check the disk and the folder's permissions, then try again",
            Self::Damaged { .. } => "keep the file for later under another name, then run `failover check`",
            Self::Newer { .. } => "use the newer version of failover that wrote it",
            Self::Journal(error) => error.next(),
        }
    }

    pub(crate) fn read(path: &Path, error: &io::Error) -> Self {
        Self::Read { path: path.to_owned(), why: error.to_string() }
    }

    pub(super) fn write(path: &Path, error: &io::Error) -> Self {
        Self::Write { path: path.to_owned(), why: error.to_string() }
    }

    pub(super) fn damaged(path: &Path, why: impl ToString) -> Self {
        Self::Damaged { path: path.to_owned(), why: why.to_string() }
    }
}
