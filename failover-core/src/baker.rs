//! EDGE: the services that bake, on this machine or another.
//!
//! [`BakerControl`] stops and starts what signs: baker and signer services, never the node. Its state is
//! [`BakerState`]: running, stopped or unknown, never a bool, and never taken from an exit code (S5).

use std::time::Duration;

use crate::host::{HostError, HostIdentity};

pub mod command;
mod elevation;
pub mod power;
mod process;
mod systemctl;
pub mod systemd;
pub mod tezbake;
mod timespan;
mod unit;
mod unit_state;

pub use command::CommandControl;
pub use power::{Power, PowerStatus};
pub use systemd::SystemdControl;
pub use tezbake::TezbakeControl;
pub use unit::{UnitName, UnitNameError};

/// What signs on a machine, as it was seen.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase", tag = "state")]
pub enum BakerState {
    /// A signing service or process is active, starting, or waiting for its restart.
    Running {
        /// Which units and processes, by name.
        what: Vec<String>,
    },
    /// Every signing unit is loaded and inactive, and no signing process is there.
    Stopped {
        /// Which units were looked at.
        checked: Vec<String>,
    },
}

/// Why a machine's services could not be read or changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BakerError {
    /// The machine itself.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The command needs root: `tezbake` exits 151, `sudo -n` wants a password, systemctl says access denied.
    #[error("{host} wants a password for {what}")]
    Elevation {
        /// Which machine.
        host: String,
        /// Which command.
        what: String,
    },
    /// The command ran and failed. What it did is known only from a later state.
    #[error("{what} failed on {host} (exit {code}): {message}")]
    Failed {
        /// Which machine.
        host: String,
        /// Which command.
        what: String,
        /// Its exit code.
        code: i32,
        /// The end of what it said.
        message: String,
    },
    /// The answer does not say running or stopped: unknown (S3).
    #[error("{host} does not say whether anything signs there: {why}")]
    Unclear {
        /// Which machine.
        host: String,
        /// What is missing or odd: not loaded, not found while active, another word than expected.
        why: String,
    },
}

impl BakerError {
    /// The next safe action.
    #[must_use]
    pub const fn next(&self) -> &'static str {
        match self {
            Self::Host(error) => error.next(),
            Self::Elevation { .. } => "run as root, or add a NOPASSWD rule for this command; see the handbook",
            Self::Failed { .. } => "look at the services there with `systemctl status`",
            Self::Unclear { .. } => "look at the services there by hand; unknown is not stopped",
        }
    }
}

/// Stops and starts what signs on one machine. Every call has a deadline (S10).
pub trait BakerControl: Send {
    /// What is controlled, for a person: `tezbake on baker@primary`.
    fn describe(&self) -> String;

    /// Which machine this is, read there: compared with the pinned one (H19).
    ///
    /// # Errors
    /// See [`BakerError`].
    fn identity(&mut self) -> Result<HostIdentity, BakerError>;

    /// Looks at units and processes.
    ///
    /// # Errors
    /// Whatever is not clearly running or stopped is an error: unknown (S3).
    fn state(&mut self) -> Result<BakerState, BakerError>;

    /// How long the services wait before they restart by themselves; two readings of `stopped` must be further
    /// apart than this.
    ///
    /// # Errors
    /// See [`BakerError`].
    fn restart_delay(&mut self) -> Result<Duration, BakerError>;

    /// Stops what signs, with SIGKILL after a second where it does not go (S12), and leaves the node running.
    /// The proof is a later [`BakerControl::state`].
    ///
    /// # Errors
    /// See [`BakerError`]; after a session that died the state is unknown.
    fn stop(&mut self) -> Result<(), BakerError>;

    /// Starts the baker. The proof is a later state, and the chain.
    ///
    /// # Errors
    /// See [`BakerError`].
    fn start(&mut self) -> Result<(), BakerError>;
}
