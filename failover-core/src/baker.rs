//! EDGE: the services that bake, on this machine or another.
//!
//! [`BakerControl`] stops and starts what signs: baker and signer services, never the node. Its state is
//! [`BakerState`]: running, stopped or unknown, never a bool, and never taken from an exit code (S5).
//!
//! What else a machine can be asked are small traits, one a noun; [`BakerMachine`] says which of them there are. What it
//! lacks is unknown (S3):
//!
//! | trait | what it is for |
//! |---|---|
//! | [`MachineIdentity`] | which machine it is, against another one that answers in its place (H19) |
//! | [`Looks`] | many questions in one round trip |
//! | [`MarkFiles`] | what the baker there wrote down of what it signed (S2) |
//! | [`SeedNonces`] | what the baker there has to reveal (H16) |
//! | [`BootGuards`] | keeps what signs there from starting again (S1a, H3) |
//! | [`UnlockSecrets`] | what unlocks a TezSign's keys there by itself (H3, H14) |
//! | [`Claims`] | of the runs for one baker at most one lives (S13), and giving the job back (H40) |
//! | [`Payouts`] | what pays delegators there, which two machines must not |
//! | [`ServiceLog`] | what the services there complain of |
//! | [`Readiness`] | whether a start and a stop there would work, before anything is touched (S17) |

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::guard::Guard;

pub mod boot_guard;
mod claim;
pub mod command;
mod complaints;
mod elevation;
mod error;
mod files;
mod give_back;
mod identity;
mod instance;
mod layout;
mod loaded;
mod look;
mod machine;
mod marks;
pub mod nonces;
mod payouts;
mod power;
mod process;
mod readiness;
pub mod secret;
pub mod setup;
mod startable;
mod systemctl;
pub mod systemd;
pub mod systemd_version;
pub mod tezbake;
mod timespan;
mod unit;
mod unit_state;
mod with_signer;

pub use boot_guard::BootGuards;
pub use claim::Claims;
pub use command::CommandControl;
pub use complaints::ServiceLog;
pub use error::BakerError;
pub use give_back::{GiveBackOrder, GivenBack};
pub use identity::MachineIdentity;
pub use instance::{Instance, InstanceError};
pub use look::{Depth, Looks, in_one_look};
pub use machine::{BakerMachine, Bare};
pub use marks::{MarkFiles, MarkFolder, MarkFolderError};
pub use nonces::{NoncesError, SeedNonces};
pub use payouts::Payouts;
pub use power::{Power, PowerStatus};
pub use readiness::Readiness;
pub use secret::{UnlockSecret, UnlockSecrets};
pub use startable::{Startable, Wallet};
pub use systemd::SystemdControl;
pub use systemd_version::systemd_version;
pub use tezbake::TezbakeControl;
pub use unit::{UnitName, UnitNameError};
pub use with_signer::WithSigner;

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

impl fmt::Display for BakerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Running { what } => write!(f, "running: {}", what.join(", ")),
            Self::Stopped { checked } => write!(f, "stopped: {}", checked.join(", ")),
        }
    }
}

/// The guard's token where the state folder is the usual one.
fn default_token() -> PathBuf {
    Guard::usual().token()
}

/// Stops and starts what signs on one machine: all that your own baker control needs. Every call has a deadline (S10).
///
/// What else can be asked of a machine are small traits of their own, and a [`BakerMachine`] says which of them it has. A
/// control alone goes into the procedure as [`Bare`]; `docs/embedding.md` has one for a container.
pub trait BakerControl: Send {
    /// What is controlled, for a person: `tezbake on baker@primary`.
    fn describe(&self) -> String;

    /// Looks at units and processes.
    ///
    /// # Errors
    /// Whatever is not clearly running or stopped is an error: unknown (S3).
    fn state(&mut self) -> Result<BakerState, BakerError>;

    /// Stops what signs, with SIGKILL if it still runs after a second (S12), and leaves the node running.
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

    /// How long the services wait before they restart by themselves; two readings of `stopped` must be further
    /// apart than this.
    ///
    /// # Errors
    /// See [`BakerError`].
    fn restart_delay(&mut self) -> Result<Duration, BakerError>;
}
