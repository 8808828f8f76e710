//! What a configuration names and cannot be used.

use std::path::PathBuf;

use thiserror::Error;

use crate::baker::UnitNameError;
use crate::config::SecretError;
use crate::decision::policy::{MARKS, POWER};
use crate::host::DestinationError;

/// What a configuration or a flag names, and is not there or not the same as before.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SetupError {
    /// A machine's ssh destination.
    #[error(transparent)]
    Destination(#[from] DestinationError),
    /// A unit's name.
    #[error(transparent)]
    Unit(#[from] UnitNameError),
    /// A file with a secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The own node is always asked.
    #[error("--without {given}: the own node is never left out")]
    OwnNode {
        /// What was to be left out.
        given: String,
    },
    /// What is to be left out is none of the sources.
    #[error("--without {given}: no source has this name")]
    NoSource {
        /// What was to be left out.
        given: String,
        /// The sources that there are, beside the own node.
        known: Vec<String>,
    },
    /// The journal of an interrupted run has no beginning.
    #[error("{} does not begin as a run does", path.display())]
    NoBeginning {
        /// Which journal.
        path: PathBuf,
    },
}

impl SetupError {
    /// The next safe action.
    #[must_use]
    pub fn next(&self) -> String {
        match self {
            Self::Destination(_) => "correct `host` in the configuration",
            Self::Unit(_) => "correct `units` in the configuration",
            Self::Secret(error) => return error.next(),
            Self::OwnNode { .. } => "name another source, or configure another own node",
            Self::NoSource { known, .. } if known.is_empty() => {
                return format!(
                    "no other source is configured; what can be left out is {MARKS}, the primary's mark files, and {POWER}, \
                     its power status"
                );
            }
            Self::NoSource { known, .. } => {
                return format!(
                    "name one of the other sources: {}; or {MARKS}, the primary's mark files; or {POWER}, its power status",
                    known.join(", ")
                );
            }
            Self::NoBeginning { .. } => "run `failover stand-down`, then start again with `failover run`",
        }
        .to_owned()
    }

    /// The exit code of a program that ends with it.
    #[must_use]
    pub const fn exit(&self) -> u8 {
        match self {
            Self::NoBeginning { .. } => 3,
            _ => 2,
        }
    }
}
