//! The configuration: read once, checked whole, every value typed. What it does not say has no default that a
//! person would not expect.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use failover_core::baker::{Instance, MarkFolder};
use failover_core::chain::SourceUrl;
use failover_core::permit::Root;
use failover_core::signer::ledger::{Derivation, KeyPath};
use failover_core::signer::{KeyName, Selector};
use failover_core::state::StateDir;
use failover_core::tezos::{ChainId, KeyHash};
use failover_core::watch::Hook;

mod check;
mod error;
mod file;
mod find;
mod lock;
mod template;

pub(crate) use error::ConfigError;
pub(crate) use find::{find, usual};
pub(crate) use lock::Lock;
pub(crate) use template::{Section, Template, tzkt_of};

/// The bit of a hardened component of a Ledger's path.
const HARDENED: u32 = 0x8000_0000;

/// A configuration that was read and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Config {
    /// The file.
    pub(crate) file: PathBuf,
    /// The folder of journals, token, pins; `None`: the usual one.
    pub(crate) state: Option<PathBuf>,
    /// Everything in it is simulated: permits, claims and locks lie beside the machines' state, not where real ones do.
    pub(crate) simulated: bool,
    /// Which baker.
    pub(crate) baker: Baker,
    /// Where the chain is read.
    pub(crate) chain: Chain,
    /// The backup's device.
    pub(crate) signer: Signer,
    /// The machine that baked until now.
    pub(crate) primary: Primary,
    /// This machine.
    pub(crate) backup: Machine,
    /// Levels of margin.
    pub(crate) margin: u64,
    /// The lock between machines; `None`: this machine alone can fail over.
    pub(crate) lock: Option<Lock>,
    /// What `watch` tells whom.
    pub(crate) watch: Watch,
}

/// `[watch]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Watch {
    /// After so many silent levels with rights a failover is proposed, unless the flag says otherwise.
    pub(crate) levels: Option<u64>,
    /// Programs that are told.
    pub(crate) hooks: BTreeMap<Hook, Vec<String>>,
}

/// `[baker]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Baker {
    /// What a person types to confirm.
    pub(crate) name: String,
    /// The baker's (manager) address.
    pub(crate) address: KeyHash,
    /// The network, as written.
    pub(crate) network: String,
    /// Its chain id.
    pub(crate) chain: ChainId,
}

/// `[chain]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chain {
    /// The own node.
    pub(crate) node: SourceUrl,
    /// TzKT's API.
    pub(crate) tzkt: Option<SourceUrl>,
    /// More nodes.
    pub(crate) others: Vec<SourceUrl>,
    /// A CA whose certificates their servers may show, beside the usual ones.
    pub(crate) ca_file: Option<PathBuf>,
}

/// The CA file that OpenSSL's programs read, where a person has set one.
pub(crate) fn usual_ca_file() -> Option<PathBuf> {
    std::env::var_os("SSL_CERT_FILE").filter(|file| !file.is_empty()).map(PathBuf::from)
}

/// `[signer]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signer {
    /// Which device.
    pub(crate) device: Selector,
    /// TezSign: the keys by alias; empty means every key on the device.
    pub(crate) keys: Vec<KeyName>,
    /// Ledger: the key's path.
    pub(crate) path: Option<KeyPath>,
    /// Ledger: the key's curve.
    pub(crate) curve: Derivation,
    /// Ledger: the chain that it is to guard, where it is known.
    pub(crate) chain: Option<ChainId>,
    /// TezSign: where the passphrase is read.
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Where this machine writes down which prompt is on a Ledger's screen.
    pub(crate) root: Root,
}

impl Signer {
    /// What a device named on the command line is taken to be: every key, the usual path.
    pub(crate) fn of(device: Selector) -> Self {
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
pub(crate) struct Primary {
    /// How it is controlled; `None`: it can never be reached.
    pub(crate) machine: Option<Machine>,
    /// The machine of its signer, where that is another one.
    pub(crate) signer: Option<Machine>,
    /// The state folder of failover there, in which its guard's token lies.
    pub(crate) state: PathBuf,
    /// Its signer, as it is named there; `None`: the one of the backup's kind.
    pub(crate) device: Option<Selector>,
    /// What prints `on` or `off`: an argv, run on this machine.
    pub(crate) power_status: Option<Vec<String>>,
}

impl Primary {
    /// Its ssh destination, where it has one.
    pub(crate) fn host(&self) -> Option<&String> {
        self.machine.as_ref()?.host.as_ref()
    }
}

/// A machine and what controls its baker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Machine {
    /// ssh destination; `None`: this machine.
    pub(crate) host: Option<String>,
    /// What controls the baker there.
    pub(crate) control: Control,
    /// A folder that is searched first for `tezbake`, `systemctl` and `ps`.
    pub(crate) path: Option<PathBuf>,
    /// Where its mark files lie, there; empty: where the control is known to put them.
    pub(crate) marks: Vec<MarkFolder>,
}

/// What controls a baker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Control {
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
pub(crate) fn name_fits(name: &str) -> bool {
    !name.is_empty() && name.trim() == name && !name.chars().any(char::is_control) && name.chars().count() <= 64
}

impl Config {
    /// Where permits, claims and locks of this machine lie: the same whatever the state folder.
    pub(crate) fn root(&self) -> Root {
        let state = self.state.as_deref().unwrap_or_else(|| Path::new(StateDir::DEFAULT));
        self.root_beside(state)
    }

    /// The same of the primary.
    pub(crate) fn primary_root(&self) -> Root {
        self.root_beside(&self.primary.state)
    }

    fn root_beside(&self, state: &Path) -> Root {
        if self.simulated { Root::at(state.join("machine")) } else { Root::usual() }
    }

    /// The primary's host, as a person names it in a statement.
    pub(crate) fn primary_host(&self) -> String {
        let host = self.primary.machine.as_ref().and_then(|machine| machine.host.as_deref());
        host.map_or("primary", |host| host.rsplit('@').next().unwrap_or(host)).to_owned()
    }

    /// Reads and checks a file.
    ///
    /// # Errors
    /// The file cannot be read, or something in it is wrong: the file and the line are named.
    pub(crate) fn read(path: &Path) -> Result<Self, ConfigError> {
        Self::parse(path, &find::text_of(path)?)
    }

    /// Checks a file's text; `path` is for the messages, and what relative paths in it start from.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub(crate) fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
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
