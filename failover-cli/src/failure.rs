//! Why a command did not do what it was asked: one sentence, the exit code, the next safe action.

use std::fmt::Display;

use failover_core::baker::BakerError;
use failover_core::chain::ChainError;
use failover_core::config::{ConfigError, SecretError};
use failover_core::decision::Refusal;
use failover_core::host::HostError;
use failover_core::journal::JournalError;
use failover_core::lock::LockError;
use failover_core::operator::OperatorError;
use failover_core::permit::{PermitError, RunIdError};
use failover_core::session::{SessionError, SetupError};
use failover_core::signer::{RaiseError, SignerError};
use failover_core::state::{PlanIdError, StateError};

use crate::exit::Exit;
use crate::output::End;

/// A command's failure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failure {
    /// The sentence.
    pub(crate) message: String,
    /// The exit code.
    pub(crate) exit: Exit,
    /// The next safe action.
    pub(crate) next: String,
}

impl Failure {
    /// A failure with its three parts.
    pub(crate) fn new(exit: Exit, message: impl Display, next: impl Display) -> Self {
        Self { message: message.to_string(), exit, next: next.to_string() }
    }

    /// The command line or the configuration is wrong.
    pub(crate) fn usage(message: impl Display, next: impl Display) -> Self {
        Self::new(Exit::Usage, message, next)
    }

    /// Not safe, or not known to be.
    pub(crate) fn refused(message: impl Display, next: impl Display) -> Self {
        Self::new(Exit::Refused, message, next)
    }

    /// How the command ends.
    pub(crate) fn end(&self) -> End {
        End::new(self.exit, self.next.clone())
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::usage(&error, error.next())
    }
}

/// Why a session could not be opened, or a part of one.
macro_rules! of_a_session {
    ($($error:ty),+ $(,)?) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                SessionError::from(error).into()
            }
        }
    )+};
}

of_a_session!(
    JournalError,
    LockError,
    PermitError,
    PlanIdError,
    Refusal,
    RunIdError,
    SetupError,
    SignerError,
    StateError,
);

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        Self::new(Exit::of(error.exit()), &error, error.next())
    }
}

impl From<SecretError> for Failure {
    fn from(error: SecretError) -> Self {
        SetupError::from(error).into()
    }
}

impl From<RaiseError> for Failure {
    fn from(error: RaiseError) -> Self {
        if let RaiseError::Signer(signer) = error {
            return signer.into();
        }
        let exit = match error {
            RaiseError::Lower { .. }
            | RaiseError::BothMarks { .. }
            | RaiseError::PastCap { .. }
            | RaiseError::Unknown { .. }
            | RaiseError::Damaged { .. } => Exit::Refused,
            RaiseError::NoKeys => Exit::Usage,
            _ => Exit::Failed,
        };
        Self::new(exit, &error, error.next())
    }
}

impl From<ChainError> for Failure {
    /// What the chain does not say is unknown, and what needs it is refused (S3).
    fn from(error: ChainError) -> Self {
        Self::refused(&error, error.next())
    }
}

impl From<OperatorError> for Failure {
    fn from(error: OperatorError) -> Self {
        match &error {
            OperatorError::NoTerminal { flag, .. } => {
                Self::usage(&error, format!("give the answer with {flag}, or run it on a terminal"))
            }
            _ => Self::new(Exit::Cancelled, &error, "nothing was changed; run the command again when ready"),
        }
    }
}

impl From<HostError> for Failure {
    fn from(error: HostError) -> Self {
        Self::new(Exit::Failed, &error, error.next())
    }
}

impl From<BakerError> for Failure {
    fn from(error: BakerError) -> Self {
        let exit = if matches!(error, BakerError::Elevation { .. }) { Exit::NotReady } else { Exit::Failed };
        Self::new(exit, &error, error.next())
    }
}
