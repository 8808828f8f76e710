//! Why services could not be read or changed, and the next safe action.

use super::instance::{Instance, many, meant};
use super::nonces::NoncesError;
use crate::guard::TokenPathError;
use crate::host::HostError;
use crate::mark_files::MarkFileError;

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
    /// Several instances of TezBake are there and the configuration names none of them, or one that is not there.
    #[error("{host} has {} of TezBake ({}), and {}", many(ids), ids.join(", "), meant(wanted.as_ref()))]
    Instances {
        /// Which machine.
        host: String,
        /// Their ids.
        ids: Vec<String>,
        /// The one that is configured.
        wanted: Option<Instance>,
    },
    /// Nothing says which machine it is: it may be another one (H19).
    #[error("which machine {what} is on is not known")]
    NoIdentity {
        /// What is controlled.
        what: String,
    },
    /// Nothing says whether a boot guard holds, or could be there at all: unknown, not open and not none (S3).
    #[error("whether a boot guard holds {what} is not known")]
    NoBootGuard {
        /// What is controlled.
        what: String,
    },
    /// Where a service would keep the secret that unlocks the keys is not known.
    #[error("where {what} keeps a secret that unlocks the keys is not known")]
    NoSecretPlace {
        /// What is controlled.
        what: String,
    },
    /// The boot guard could not be installed on every unit.
    #[error("the boot guard is not installed on {host}: {why}")]
    BootGuard {
        /// Which machine.
        host: String,
        /// Which unit and why.
        why: String,
    },
    /// Commands of the user's own start and stop the baker: there is no unit to guard.
    #[error("{host} is controlled by commands, so it has no service units for a boot guard")]
    NoUnits {
        /// Which machine.
        host: String,
    },
    /// No unit file can name the guard's token.
    #[error(transparent)]
    TokenPath(#[from] TokenPathError),
    /// Where the mark files lie is not known: what was signed there is unknown, not nothing.
    #[error("no folder with the mark files of {host} is known")]
    NoMarkFolder {
        /// Which machine.
        host: String,
    },
    /// The folders of the mark files cannot be listed or a file in them cannot be read.
    #[error("the mark files on {host} cannot be read: {why}")]
    MarkFolder {
        /// Which machine.
        host: String,
        /// What was said.
        why: String,
    },
    /// A mark file does not say what was signed: unknown, not nothing (S3).
    #[error("{path} on {host} does not say what was signed: {error}")]
    MarkFile {
        /// Which machine.
        host: String,
        /// Which file.
        path: String,
        /// What is wrong with it.
        error: MarkFileError,
    },
    /// The seed nonces.
    #[error(transparent)]
    Nonces(#[from] NoncesError),
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
            Self::Instances { .. } => {
                "name the one that bakes as `instance` in the configuration, by its name or its folder"
            }
            Self::NoSecretPlace { .. } => "unplug the signer there: only TezBake's own places are known",
            Self::NoIdentity { .. } => {
                "implement `MachineIdentity` for its control (docs/embedding.md); until then unplug the signer there"
            }
            Self::NoBootGuard { .. } => {
                "implement `BootGuards` for its control (docs/embedding.md); until then unplug the signer there"
            }
            Self::BootGuard { .. } => "stop the services there and install it again; until it holds, unplug the signer",
            Self::NoUnits { .. } => "let the start command run `failover guard check` first, and start only on exit 0",
            Self::TokenPath(error) => error.next(),
            Self::NoMarkFolder { .. } => {
                "name the base folders of octez-baker and octez-signer as `marks` in [primary]"
            }
            Self::MarkFolder { .. } => "let this user read the folder, or add a NOPASSWD rule for find and cat",
            Self::MarkFile { error, .. } => error.next(),
            Self::Nonces(error) => error.next(),
        }
    }
}
