//! EDGE: the services that bake, on this machine or another.
//!
//! [`BakerControl`] stops and starts what signs: baker and signer services, never the node. Its state is
//! [`BakerState`]: running, stopped or unknown, never a bool, and never taken from an exit code (S5).

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::clock::Timestamp;
use crate::guard::{BootGuard, Guard, GuardNote, Lift};
use crate::host::HostIdentity;
use crate::mark_files::PrimaryMarks;
use crate::nonces::{Merged, Nonces};
use crate::permit::{ClaimAnswer, ClaimOrder};
use crate::tezos::ChainId;

pub mod boot_guard;
mod claim;
pub mod command;
mod complaints;
mod elevation;
mod error;
mod files;
mod give_back;
mod instance;
mod layout;
mod loaded;
mod look;
mod marks;
pub mod nonces;
pub mod power;
mod process;
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

pub use command::CommandControl;
pub use error::BakerError;
pub use give_back::{GiveBackOrder, GivenBack};
pub use instance::{Instance, InstanceError};
pub use look::{Depth, in_one_look};
pub use marks::{MarkFolder, MarkFolderError};
pub use nonces::NoncesError;
pub use power::{Power, PowerStatus};
pub use secret::UnlockSecret;
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

/// The guard's token where the state folder is the usual one.
fn default_token() -> PathBuf {
    Guard::usual().token()
}

/// Stops and starts what signs on one machine. Every call has a deadline (S10).
pub trait BakerControl: Send {
    /// What is controlled, for a person: `tezbake on baker@primary`.
    fn describe(&self) -> String;

    /// A look begins: whatever is asked until [`BakerControl::end_look`], or until something is changed there, may be asked
    /// at once and answered from one answer. Without looks every question is asked when it comes up.
    fn begin_look(&mut self, depth: Depth) {
        let _asked_as_it_comes_up = depth;
    }

    /// The look is over: nothing of it is an answer any more.
    fn end_look(&mut self) {}

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

    /// Reads what the bakers and signers there wrote down of what they signed on a chain. It bounds what was signed only
    /// where this machine was seen stopped before the reading.
    ///
    /// # Errors
    /// No folder is known, a folder cannot be read, or a file is cut, malformed or still written: unknown (S3). That
    /// there is no file is no error, and no bound: see [`PrimaryMarks::bound`].
    fn marks(&mut self, chain: ChainId) -> Result<PrimaryMarks, BakerError>;

    /// Reads the seed nonces that the bakers there keep for a chain.
    ///
    /// # Errors
    /// As [`BakerControl::marks`]. That there is no file is no error, and no empty file either.
    fn nonces(&mut self, chain: ChainId) -> Result<Nonces, BakerError>;

    /// Merges another machine's seed nonces into the baker's own files there, keeps a copy of each that changes, and reads
    /// back (S5). Only while both bakers are read back as stopped: a baker writes its files whole.
    ///
    /// # Errors
    /// The files here are not whole, which folder is the baker's is not known, both cannot be right, or they do not read
    /// back. Where the files are not whole or do not fit, nothing was written.
    fn merge_nonces(&mut self, chain: ChainId, theirs: &Nonces, at: Timestamp) -> Result<Merged, BakerError>;

    /// Stops what signs, with SIGKILL after a second where it does not go (S12), and leaves the node running.
    /// The proof is a later [`BakerControl::state`].
    ///
    /// # Errors
    /// See [`BakerError`]; after a session that died the state is unknown.
    fn stop(&mut self) -> Result<(), BakerError>;

    /// What pays rewards to delegators there, as far as the last look found it. Two machines would pay twice, so that
    /// [`BakerControl::start`] never starts it.
    fn pays(&self) -> Vec<UnitName> {
        Vec::new()
    }

    /// Asks that to stop, now and at boot; kills nothing and waits for nothing. The proof is [`BakerControl::paying`].
    ///
    /// # Errors
    /// See [`BakerError`].
    fn stop_pays(&mut self) -> Result<(), BakerError> {
        Ok(())
    }

    /// What of it runs now.
    ///
    /// # Errors
    /// It is not known.
    fn paying(&mut self) -> Result<Vec<UnitName>, BakerError> {
        Ok(Vec::new())
    }

    /// Starts the baker. The proof is a later state, and the chain.
    ///
    /// # Errors
    /// See [`BakerError`].
    fn start(&mut self) -> Result<(), BakerError>;

    /// Warnings and errors of what signs there, from its own journal within that time: one text each, the last ones last.
    /// For a person to read; no verdict asks for it.
    ///
    /// # Errors
    /// The journal cannot be read. Without one there is nothing to tell, which is no error.
    fn complaints(&mut self, within: Duration) -> Result<Vec<String>, BakerError> {
        let _no_journal_is_known = within;
        Ok(Vec::new())
    }

    /// Can a service there unlock a TezSign's keys by itself?
    ///
    /// # Errors
    /// It is not known, or not known where such a secret would be.
    fn unlock_secret(&mut self) -> Result<UnlockSecret, BakerError> {
        Err(BakerError::NoSecretPlace { what: self.describe() })
    }

    /// Takes that secret out of the way. It is kept, and never read. The proof is a later
    /// [`BakerControl::unlock_secret`].
    ///
    /// # Errors
    /// See [`BakerError`].
    fn stash_unlock_secret(&mut self) -> Result<(), BakerError> {
        Err(BakerError::NoSecretPlace { what: self.describe() })
    }

    /// Puts the secret back that was taken out of the way; where none was, nothing is done. For a machine that may bake.
    ///
    /// # Errors
    /// See [`BakerError`].
    fn restore_unlock_secret(&mut self) -> Result<(), BakerError> {
        Ok(())
    }

    /// Reads whether what signs there could start again by itself: from the units as the service manager has loaded
    /// them, never by trying a start. It costs a command for the machine and three for each unit.
    ///
    /// # Errors
    /// What is not clearly held or open is an error: unknown (S3). [`BakerError::NoUnits`] where there are no units.
    fn boot_guard(&mut self) -> Result<BootGuard, BakerError>;

    /// Keeps what signs there from starting again: takes the guard's token away, reads back that it is gone, then ties
    /// every unit that is read back inactive to it by a drop-in, and lets the service manager read its files again.
    /// Needs no approval (S12); doing it again does no harm. The proof is a later [`BakerControl::boot_guard`].
    ///
    /// # Errors
    /// A unit is not stopped, or has a drop-in of that name that this program did not write: the others are guarded all
    /// the same. The token is still there, or a command failed. [`BakerError::NoUnits`] where there are no units.
    fn install_boot_guard(&mut self, note: &GuardNote) -> Result<(), BakerError>;

    /// Puts the guard's token there: the units that are tied to it may start again. Starts nothing.
    ///
    /// # Errors
    /// The token could not be written. [`BakerError::NoUnits`] where there are no units.
    fn lift_boot_guard(&mut self, lift: &Lift, now: Timestamp) -> Result<(), BakerError>;

    /// Claims that machine for a run (S13): in one script there, every permit is taken away and the claim left, unless
    /// something there speaks against it. Where no script runs, that is the answer.
    ///
    /// # Errors
    /// See [`BakerError`]; what was done is then unknown.
    fn claim(&mut self, order: &ClaimOrder) -> Result<ClaimAnswer, BakerError> {
        let _nothing_runs_there = order;
        Ok(ClaimAnswer::Unasked { why: format!("{} runs no script", self.describe()) })
    }

    /// Gives that machine its job back, only while a permit of this order is there (S13 (c)): a script there leaves the permit,
    /// and another lifts the guard, puts the unlock secret back and starts what bakes, under that machine's effect lock. Where
    /// no script runs, that is the answer, and nothing was done.
    ///
    /// # Errors
    /// See [`BakerError`]; what was done is then unknown. [`BakerError::Failed`] names the part that failed.
    fn give_back(&mut self, order: &GiveBackOrder) -> Result<GivenBack, BakerError> {
        let _nothing_runs_there = order;
        Ok(GivenBack::Not(ClaimAnswer::Unasked { why: format!("{} runs no script", self.describe()) }))
    }

    /// The guard's token that what signs there looks for; `None`: nothing there looks for one by itself.
    fn guard_token(&self) -> Option<&Path> {
        None
    }

    /// Would `stopped` be seen, if it were so? While one unit runs, a state says running, whatever else cannot be read.
    ///
    /// # Errors
    /// A unit or the process table cannot be read: what is stopped there could not be read back (S5).
    fn reads_back(&mut self) -> Result<(), BakerError> {
        self.state().map(drop)
    }

    /// May this user stop and change services there? Changes nothing. `false`: it cannot be shown.
    ///
    /// # Errors
    /// See [`BakerError`].
    fn may_change(&mut self) -> Result<bool, BakerError> {
        Ok(false)
    }

    /// Could the baker be started there? Changes nothing.
    ///
    /// # Errors
    /// It cannot be read: unknown (S3). Where it cannot be known at all, nothing is missing.
    fn startable(&mut self) -> Result<Startable, BakerError> {
        Ok(Startable::default())
    }
}
