//! The nonce files of one machine: read, and merged into another's (H16).

use super::BakerError;
use crate::clock::Timestamp;
use crate::nonces::{Merged, NonceConflict, NonceFileError, Nonces};
use crate::tezos::ChainId;

mod merge;
mod read;

pub(super) use merge::merge;
pub use merge::{MERGE, SCRIPT};
pub(super) use read::read;

/// The seed nonces that the baker of a machine keeps: they are revealed in the next cycle, or that cycle's rewards are lost
/// (H16).
pub trait SeedNonces {
    /// Reads them, for a chain.
    ///
    /// # Errors
    /// No folder is known, a folder cannot be read, or a file is cut, malformed or still written: unknown (S3). That there
    /// is no file is no error, and no empty file either.
    fn nonces(&mut self, chain: ChainId) -> Result<Nonces, BakerError>;

    /// Merges another machine's seed nonces into the baker's own files there, keeps a copy of each that changes, and reads
    /// back (S5). Only while both bakers are read back as stopped: a baker writes its files whole.
    ///
    /// # Errors
    /// The files here are not whole, which folder is the baker's is not known, both cannot be right, or they do not read
    /// back. Where the files are not whole or do not fit, nothing was written.
    fn merge_nonces(&mut self, chain: ChainId, theirs: &Nonces, at: Timestamp) -> Result<Merged, BakerError>;
}

/// Why a machine's nonces could not be read or merged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoncesError {
    /// Which folder is octez-baker's is not known.
    #[error("which folder on {host} is octez-baker's is not known: {why}")]
    Folder {
        /// Which machine.
        host: String,
        /// What is there instead of one.
        why: String,
    },
    /// A file does not say which nonces there are: unknown, not none (S3).
    #[error("{path} on {host} does not say which seed nonces there are: {error}")]
    File {
        /// Which machine.
        host: String,
        /// Which file.
        path: String,
        /// What is wrong with it.
        error: NonceFileError,
    },
    /// Both cannot be right: nothing was written.
    #[error("the seed nonces are not merged on {host}: {conflict}")]
    Conflict {
        /// Which machine.
        host: String,
        /// What does not fit.
        conflict: NonceConflict,
    },
    /// What was written is not what is read (S5).
    #[error("the seed nonces that were written to {folder} on {host} do not read back")]
    NotBack {
        /// Which machine.
        host: String,
        /// Where.
        folder: String,
    },
}

impl NoncesError {
    /// The next safe action.
    #[must_use]
    pub const fn next(&self) -> &'static str {
        match self {
            Self::Folder { .. } => "name octez-baker's base folder as `marks` in the configuration",
            Self::File { error, .. } => error.next(),
            Self::Conflict { .. } => {
                "keep both machines' files: with the baker stopped, a person has to see which nonce its block commits to"
            }
            Self::NotBack { .. } => {
                "look at that disk before the baker is started; a copy of the old file is beside it"
            }
        }
    }
}
