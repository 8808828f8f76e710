//! What is wrong with a configuration.

use std::path::PathBuf;

use thiserror::Error;

/// Why there is no configuration to work with. Nothing was tried.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{} cannot be read: {why}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// Something in the file is wrong.
    #[error("{}:{line}: {why}", path.display())]
    At {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
}

impl ConfigError {
    /// The next safe action.
    #[must_use]
    pub const fn next(&self) -> &'static str {
        match self {
            Self::Read { .. } => "check the file's name and its permissions",
            Self::At { .. } => "correct the line, then run `failover config check`",
        }
    }
}
