//! The file as it is written: every key that there is, and no other.

use std::path::PathBuf;

use crate::baker::Instance;
use crate::signer::Selector;
use crate::signer::ledger::{Derivation, KeyPath};
use crate::tezos::KeyHash;
use serde::Deserialize;
use toml::Spanned;

use crate::chain::SourceUrl;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) state: Option<Spanned<PathBuf>>,
    #[serde(default)]
    pub(super) simulated: bool,
    pub(super) baker: Baker,
    pub(super) chain: Chain,
    pub(super) signer: Spanned<Signer>,
    #[serde(default)]
    pub(super) primary: Option<Spanned<Primary>>,
    pub(super) backup: Spanned<Machine>,
    #[serde(default)]
    pub(super) policy: Policy,
    pub(super) lock: Option<Lock>,
    #[serde(default)]
    pub(super) watch: Watch,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Baker {
    pub(super) name: Spanned<String>,
    pub(super) address: KeyHash,
    pub(super) network: Spanned<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Chain {
    pub(super) node: SourceUrl,
    pub(super) tzkt: Option<SourceUrl>,
    pub(super) others: Option<Spanned<Vec<SourceUrl>>>,
    pub(super) ca_file: Option<Spanned<PathBuf>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signer {
    pub(super) device: Selector,
    pub(super) keys: Option<Spanned<Vec<String>>>,
    pub(super) path: Option<Spanned<KeyPath>>,
    pub(super) curve: Option<Spanned<Derivation>>,
    pub(super) passphrase_file: Option<Spanned<PathBuf>>,
}

/// `[primary]`: a machine, and what only the primary has.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Primary {
    pub(super) host: Option<Spanned<String>>,
    pub(super) control: Option<Spanned<ControlName>>,
    pub(super) instance: Option<Spanned<Instance>>,
    pub(super) units: Option<Spanned<Vec<String>>>,
    pub(super) start: Option<Spanned<Vec<String>>>,
    pub(super) stop: Option<Spanned<Vec<String>>>,
    pub(super) status: Option<Spanned<Vec<String>>>,
    pub(super) path: Option<Spanned<PathBuf>>,
    pub(super) marks: Option<Spanned<Vec<String>>>,
    pub(super) device: Option<Spanned<Selector>>,
    pub(super) state: Option<Spanned<PathBuf>>,
    pub(super) power_status: Option<Spanned<Vec<String>>>,
    pub(super) signer: Option<Spanned<Machine>>,
}

/// `[backup]`: this machine, without a host. `[primary.signer]`: that of its signer, with one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Machine {
    pub(super) host: Option<Spanned<String>>,
    pub(super) control: Spanned<ControlName>,
    pub(super) instance: Option<Spanned<Instance>>,
    pub(super) units: Option<Spanned<Vec<String>>>,
    pub(super) start: Option<Spanned<Vec<String>>>,
    pub(super) stop: Option<Spanned<Vec<String>>>,
    pub(super) status: Option<Spanned<Vec<String>>>,
    pub(super) path: Option<Spanned<PathBuf>>,
    pub(super) marks: Option<Spanned<Vec<String>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ControlName {
    TezBake,
    Systemd,
    Command,
}

/// `[lock]`: etcd, for one failover at a time across machines.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lock {
    pub(super) etcd: Spanned<Vec<SourceUrl>>,
    pub(super) prefix: Option<Spanned<String>>,
    pub(super) user: Option<Spanned<String>>,
    pub(super) password_file: Option<Spanned<PathBuf>>,
    pub(super) ca_file: Option<Spanned<PathBuf>>,
    pub(super) cert_file: Option<Spanned<PathBuf>>,
    pub(super) key_file: Option<Spanned<PathBuf>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Policy {
    pub(super) margin: Option<Spanned<u64>>,
}

/// `[watch]`: hooks, and when the primary counts as silent.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Watch {
    pub(super) levels: Option<Spanned<u64>>,
    pub(super) silent: Option<Spanned<Vec<String>>>,
    pub(super) duplicate: Option<Spanned<Vec<String>>>,
    pub(super) guard: Option<Spanned<Vec<String>>>,
    pub(super) not_ready: Option<Spanned<Vec<String>>>,
}
