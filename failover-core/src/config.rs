//! The configuration: read once, checked whole, every value typed. Where it says nothing, the default is what a
//! person would expect.
//!
//! [`Config::read`] and [`Config::parse`] are the only ways to one; `docs/configuration.md` explains every key of the file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::baker::{Instance, MarkFolder};
use crate::chain::SourceUrl;
use crate::permit::Root;
use crate::signer::ledger::{Derivation, KeyPath};
use crate::signer::{KeyName, Selector};
use crate::state::StateDir;
use crate::tezos::{ChainId, KeyHash};
use crate::watch::Hook;

mod check;
mod error;
mod file;
mod lock;
mod secret;

pub use error::ConfigError;
pub use lock::LockSection;
pub use secret::{Secret, SecretError, secret};

/// No true configuration is larger.
const LIMIT: u64 = 1 << 20;
/// The bit of a hardened component of a Ledger's path.
const HARDENED: u32 = 0x8000_0000;

/// A configuration that was read and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The file.
    pub file: PathBuf,
    /// The folder of journals, token, pins; `None`: the usual one.
    pub state: Option<PathBuf>,
    /// Of simulated machines; what is excluded there excludes nothing on a real one, so that only the file says it.
    simulated: bool,
    /// Which baker.
    pub baker: BakerSection,
    /// Where the chain is read.
    pub chain: Chain,
    /// The backup's device.
    pub signer: Signer,
    /// The machine that baked until now.
    pub primary: Primary,
    /// This machine.
    pub backup: Machine,
    /// Levels of margin.
    pub margin: u64,
    /// The lock between machines; `None`: this machine alone can fail over.
    pub lock: Option<LockSection>,
    /// What `watch` tells whom.
    pub watch: WatchSection,
}

/// `[watch]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WatchSection {
    /// After so many silent levels with rights a failover is proposed, unless the flag says otherwise.
    pub levels: Option<u64>,
    /// Programs that are told.
    pub hooks: BTreeMap<Hook, Vec<String>>,
}

/// `[baker]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BakerSection {
    /// What a person types to confirm.
    pub name: String,
    /// The baker's (manager) address.
    pub address: KeyHash,
    /// The network, as written.
    pub network: String,
    /// Its chain id.
    pub chain: ChainId,
}

/// `[chain]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// The own node.
    pub node: SourceUrl,
    /// TzKT's API.
    pub tzkt: Option<SourceUrl>,
    /// More nodes.
    pub others: Vec<SourceUrl>,
    /// A CA whose certificates their servers may show, beside the usual ones.
    pub ca_file: Option<PathBuf>,
}

/// The CA file that OpenSSL's programs read, where a person has set one.
#[must_use]
pub fn usual_ca_file() -> Option<PathBuf> {
    std::env::var_os("SSL_CERT_FILE").filter(|file| !file.is_empty()).map(PathBuf::from)
}

/// `[signer]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// Which device.
    pub device: Selector,
    /// TezSign: the keys by alias; empty means every key on the device.
    pub keys: Vec<KeyName>,
    /// Ledger: the key's path.
    pub path: Option<KeyPath>,
    /// Ledger: the key's curve.
    pub curve: Derivation,
    /// Ledger: the chain that it is to guard, where it is known.
    pub chain: Option<ChainId>,
    /// TezSign: where the passphrase is read.
    pub passphrase_file: Option<PathBuf>,
    /// Where this machine writes down which prompt is on a Ledger's screen.
    pub root: Root,
}

impl Signer {
    /// What a device is taken to be of which no more than its name is known: every key, the usual path.
    #[must_use]
    pub fn of(device: Selector) -> Self {
        let (path, curve) = (usual_path(), Derivation::Ed25519);
        Self { device, keys: Vec::new(), path, curve, chain: None, passphrase_file: None, root: Root::usual() }
    }
}

/// A Ledger's usual path, Octez's default for bakers: 44'/1729'/0'/0'.
fn usual_path() -> Option<KeyPath> {
    KeyPath::new(vec![44 | HARDENED, 1729 | HARDENED, HARDENED, HARDENED])
}

/// `[primary]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Primary {
    /// How it is controlled; `None`: it can never be reached.
    pub machine: Option<Machine>,
    /// The machine of its signer, where that is another one.
    pub signer: Option<Machine>,
    /// The state folder of failover there, in which its guard's token lies.
    pub state: PathBuf,
    /// Its signer, as it is named there; `None`: the one of the backup's kind.
    pub device: Option<Selector>,
    /// What prints `on` or `off`: an argv, run on this machine.
    pub power_status: Option<Vec<String>>,
}

impl Primary {
    /// Its ssh destination, where it has one.
    #[must_use]
    pub fn host(&self) -> Option<&String> {
        self.machine.as_ref()?.host.as_ref()
    }
}

/// A machine and what controls its baker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// ssh destination; `None`: this machine.
    pub host: Option<String>,
    /// What controls the baker there.
    pub control: Control,
    /// A folder that is searched first for `tezbake`, `systemctl` and `ps`.
    pub path: Option<PathBuf>,
    /// Where its mark files lie, there; empty: where the control is known to put them.
    pub marks: Vec<MarkFolder>,
}

/// What controls a baker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Control {
    /// TezBake.
    TezBake {
        /// Which one, where there are several.
        instance: Option<Instance>,
        /// What starts it, where it is not systemctl.
        start: Option<Vec<String>>,
    },
    /// systemd units, by name.
    Systemd {
        /// The units that sign.
        units: Vec<String>,
    },
    /// Commands, as argv lists.
    Command {
        /// Starts what signs.
        start: Vec<String>,
        /// Stops what signs.
        stop: Vec<String>,
        /// Prints `running` or `stopped`.
        status: Vec<String>,
    },
}

/// Is it a name that a person can type in full?
#[must_use]
pub fn name_fits(name: &str) -> bool {
    !name.is_empty() && name.trim() == name && !name.chars().any(char::is_control) && name.chars().count() <= 64
}

impl Config {
    /// Is everything in it simulated (`simulated = true` in the file, as `failover drill --serve` writes it)? Then permits,
    /// claims and locks lie beside the machines' state, not where real ones do.
    #[must_use]
    pub const fn is_simulated(&self) -> bool {
        self.simulated
    }

    /// Where permits, claims and locks of this machine lie: the same whatever the state folder.
    #[must_use]
    pub fn root(&self) -> Root {
        let state = self.state.as_deref().unwrap_or_else(|| Path::new(StateDir::DEFAULT));
        self.root_beside(state)
    }

    /// The same of the primary.
    #[must_use]
    pub fn primary_root(&self) -> Root {
        self.root_beside(&self.primary.state)
    }

    fn root_beside(&self, state: &Path) -> Root {
        if self.simulated { Root::at(state.join("machine")) } else { Root::usual() }
    }

    /// The primary's host, as a person names it in a statement.
    #[must_use]
    pub fn primary_host(&self) -> String {
        let host = self.primary.machine.as_ref().and_then(|machine| machine.host.as_deref());
        host.map_or("primary", |host| host.rsplit('@').next().unwrap_or(host)).to_owned()
    }

    /// Reads and checks a file.
    ///
    /// # Errors
    /// The file cannot be read, or something in it is wrong: the file and the line are named.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        Self::parse(path, &text_of(path)?)
    }

    /// Checks a file's text; `path` is for the messages, and what relative paths in it start from.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        check::Checker::new(path, text).config()
    }
}

impl std::fmt::Display for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.control {
            Control::TezBake { instance: None, .. } => f.write_str("tezbake")?,
            Control::TezBake { instance: Some(instance), .. } => write!(f, "tezbake {instance}")?,
            Control::Systemd { units } => write!(f, "systemd ({})", units.join(", "))?,
            Control::Command { .. } => f.write_str("commands")?,
        }
        match &self.host {
            Some(host) => write!(f, " on {host}"),
            None => f.write_str(" on this machine"),
        }
    }
}

/// A file's text.
///
/// # Errors
/// It cannot be read, is no file, is too large, or is not UTF-8.
fn text_of(path: &Path) -> Result<String, ConfigError> {
    let wrong = |why: String| ConfigError::Read { path: path.to_owned(), why };
    let file = File::open(path).map_err(|e| wrong(e.to_string()))?;
    let mut text = String::new();
    match file.take(LIMIT + 1).read_to_string(&mut text) {
        Err(error) => Err(wrong(error.to_string())),
        Ok(_) if text.len() as u64 > LIMIT => Err(wrong(format!("it is larger than {LIMIT} bytes"))),
        Ok(_) => Ok(text),
    }
}
