//! What is wrong with a configuration.

use std::path::PathBuf;

use thiserror::Error;

use crate::failure::Failure;

/// Why there is no configuration to work with. Nothing was tried.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum ConfigError {
    /// None of the places has one.
    #[error("there is no configuration: looked for {}", list(looked))]
    NotFound {
        /// Where it was looked for.
        looked: Vec<PathBuf>,
    },
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

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(" and ")
}

impl ConfigError {
    /// The next safe action.
    pub(crate) const fn next(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "write one with `failover config new --output FILE`, or name it with --config",
            Self::Read { .. } => "check the file's name and its permissions",
            Self::At { .. } => "correct the line, then run `failover config check`",
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::usage(&error, error.next())
    }
}
