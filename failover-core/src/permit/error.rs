//! Why a permit, a claim or the effect lock could not be used.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

/// The last line of whatever another run excludes (S13). It claims nothing about what that run does.
pub(crate) const ONE_MACHINE: &str = "on one machine only: `failover run`; a run that hangs: `failover stand-down` there, then end process N, \
     which `failover status` there names";

/// Why a permit, a claim or the effect lock could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PermitError {
    /// The permit was taken away: by a stop, or by another run.
    #[error("this run's permit was taken away{}", by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default())]
    Gone {
        /// By whom, where that was written down.
        by: Option<String>,
    },
    /// The permit is of another boot of this machine: a snapshot was restored, or the machine was restarted.
    #[error("this run's permit is of another boot of this machine, and so void")]
    OtherBoot,
    /// Somebody else is at an effect on this machine.
    #[error("{holder} holds this machine's effect lock, and did not finish within {}", humantime::format_duration(*after))]
    Busy {
        /// Who, and what they do.
        holder: String,
        /// How long it was waited.
        after: Duration,
    },
    /// A permit or a claim does not say what it must: unknown, and neither there nor gone.
    #[error("{} cannot be understood: {why}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Others than the owner may look into or write into the folder.
    #[error("{} is not for its owner alone: {why}", path.display())]
    Unsafe {
        /// Which folder.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The system refused.
    #[error("{} cannot be used: {why}", path.display())]
    System {
        /// Which file or folder.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// This run was begun without a permit: it may look and disarm, and nothing else.
    #[error("this run has no permit, and so may arm nothing")]
    None,
    /// The permit that was left on another machine was taken away: nothing runs there by this command (H40).
    #[error("the permit that was left on the primary's machine was taken away{}", by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default())]
    GoneThere {
        /// By whom, where that was written down.
        by: Option<String>,
    },
}

impl PermitError {
    /// The next safe action.
    #[must_use]
    pub const fn next(&self) -> &'static str {
        match self {
            Self::Gone { .. } | Self::OtherBoot | Self::None | Self::GoneThere { .. } => ONE_MACHINE,
            Self::Busy { .. } => "let that command end, or end its process, then try again",
            Self::Damaged { .. } => {
                "look at that file with `cat`; where no run goes on, `failover stand-down` and then remove it"
            }
            Self::Unsafe { .. } => "let it belong to root with mode 700, then run again",
            Self::System { .. } => "run as root (sudo), and see that the disk has room; then run again",
        }
    }

    pub(crate) fn system(path: &Path, error: &io::Error) -> Self {
        Self::System { path: path.to_owned(), why: error.to_string() }
    }

    pub(crate) fn damaged(path: &Path, why: impl ToString) -> Self {
        Self::Damaged { path: path.to_owned(), why: why.to_string() }
    }
}
