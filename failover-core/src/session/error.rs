//! Why there is no session: nothing of the run was begun.

use thiserror::Error;

use super::PastError;
use crate::decision::{PolicyError, Refusal};
use crate::journal::JournalError;
use crate::journal::record::{End, Outcome};
use crate::lock::LockError;
use crate::permit::{PermitError, RunIdError};
use crate::signer::SignerError;
use crate::signer::ledger::StatusWord;
use crate::state::{PlanIdError, StateError};

/// Why a session could not be opened, or a part of it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The state folder.
    #[error(transparent)]
    State(#[from] StateError),
    /// A journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A lock: another run holds it, or it cannot be asked (S7).
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The permits of this machine (S13).
    #[error(transparent)]
    Permit(#[from] PermitError),
    /// No name could be made for the run.
    #[error(transparent)]
    RunId(#[from] RunIdError),
    /// No name could be made for the plan.
    #[error(transparent)]
    PlanId(#[from] PlanIdError),
    /// The backup's device.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// The thresholds are none that a run may have.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The run that is to be taken up again was begun with something else.
    #[error(transparent)]
    Past(#[from] PastError),
    /// It is not safe to begin, and nothing had to be disarmed.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// The run ended before its first record; what an earlier session left armed was disarmed.
    #[error("{}", .0.message)]
    Ended(Box<End>),
    /// What the configuration names is wrong.
    #[cfg(feature = "config")]
    #[error(transparent)]
    Setup(#[from] super::SetupError),
}

impl From<Refusal> for SessionError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl SessionError {
    /// The next safe action.
    #[must_use]
    pub fn next(&self) -> String {
        match self {
            Self::State(error) => error.next().to_owned(),
            Self::Journal(error) => error.next().to_owned(),
            Self::Lock(error) => error.next().to_owned(),
            Self::Permit(error) => error.next().to_owned(),
            Self::RunId(_) => "look at this machine: nothing was done".to_owned(),
            Self::PlanId(_) => "run `failover run --plan-only` and use the plan that it prints".to_owned(),
            Self::Signer(error) => error.next().to_owned(),
            Self::Policy(error) => error.next(),
            Self::Past(error) => error.next().to_owned(),
            Self::Refused(refusal) => refusal.next(),
            Self::Ended(end) => end.next.clone(),
            #[cfg(feature = "config")]
            Self::Setup(error) => error.next(),
        }
    }

    /// The exit code of a program that ends with it, as the command line's: 1 failed, 2 usage or configuration, 3 refused,
    /// 4 not ready, 5 duplicate, 6 interrupted, 7 another run holds the lock.
    #[must_use]
    pub fn exit(&self) -> u8 {
        match self {
            Self::Permit(_) => 1,
            Self::PlanId(_) | Self::Policy(_) | Self::Past(_) => 2,
            Self::State(_) | Self::Journal(_) | Self::RunId(_) => 4,
            Self::Lock(error) => of_lock(error),
            Self::Signer(error) => of_signer(error),
            Self::Refused(refusal) => refusal.exit(),
            Self::Ended(end) => end.exit,
            #[cfg(feature = "config")]
            Self::Setup(error) => error.exit(),
        }
    }

    /// As the end of a run, for whoever shows nothing else.
    #[must_use]
    pub fn end(self) -> End {
        let (exit, next) = (self.exit(), self.next());
        let outcome = match exit {
            2 => Outcome::Usage,
            3 => Outcome::Refused,
            4 => Outcome::NotReady,
            7 => Outcome::Locked,
            _ => Outcome::Failed,
        };
        match self {
            Self::Ended(end) => *end,
            Self::Refused(refusal) => {
                let (outcome, message) = (Outcome::of(&refusal), refusal.to_string());
                End { refusal: Some(*refusal), ..End::new(outcome, exit, message, next) }
            }
            other => End::new(outcome, exit, other.to_string(), next),
        }
    }
}

fn of_lock(error: &LockError) -> u8 {
    match error {
        _ if error.is_about_another() => 7,
        #[cfg(feature = "etcd")]
        LockError::Etcd(crate::lock::etcd::EtcdError::Setup { .. }) => 2,
        _ => 4,
    }
}

const fn of_signer(error: &SignerError) -> u8 {
    match error {
        SignerError::NotFound { .. }
        | SignerError::Ambiguous { .. }
        | SignerError::Permission { .. }
        | SignerError::Busy { .. }
        | SignerError::NoKeys
        | SignerError::KeyLocked { .. }
        | SignerError::Status { status: StatusWord::Locked, .. }
        | SignerError::WrongApp { .. } => 4,
        SignerError::UnknownKey { .. } | SignerError::Unsupported { .. } => 2,
        _ => 1,
    }
}
