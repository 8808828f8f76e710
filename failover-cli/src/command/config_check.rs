//! `config check`: what will be used.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use failover_core::session::open;
use failover_core::signer::traits::{ArmedBy, NamedBy};
use failover_core::watch::Hook;
use serde::Serialize;

use crate::failure::Failure;
use crate::output::{End, Output};
use crate::settings::Settings;

/// The configuration, as it was understood.
#[derive(Serialize)]
#[serde(tag = "record", rename = "config")]
struct Understood {
    file: String,
    name: String,
    address: String,
    network: String,
    chain_id: String,
    node: String,
    tzkt: Option<String>,
    others: Vec<String>,
    device: String,
    keys: Vec<String>,
    passphrase: String,
    primary: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_signer: Option<String>,
    marks: Vec<String>,
    power_status: Option<Vec<String>>,
    backup: String,
    margin: u64,
    lock: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    hooks: BTreeMap<Hook, Vec<String>>,
    state: String,
}

impl fmt::Display for Understood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = if self.keys.is_empty() { "every key on it".to_owned() } else { self.keys.join(", ") };
        let mut sources = vec![self.node.clone()];
        sources.extend(self.tzkt.iter().chain(&self.others).cloned());
        writeln!(f, "File        {}", self.file)?;
        writeln!(f, "Baker       {} {} on {} ({})", self.name, self.address, self.network, self.chain_id)?;
        writeln!(f, "Chain       {}", sources.join(", "))?;
        writeln!(f, "Device      {}, {keys}", self.device)?;
        writeln!(f, "Passphrase  {}", self.passphrase)?;
        writeln!(f, "Primary     {}", self.primary.as_deref().unwrap_or("can never be reached"))?;
        if let Some(signer) = &self.primary_signer {
            writeln!(f, "Its signer  {signer}")?;
        }
        if !self.marks.is_empty() {
            writeln!(f, "Marks       {} there", self.marks.join(", "))?;
        }
        if let Some(argv) = &self.power_status {
            writeln!(f, "Power       {}", argv.join(" "))?;
        }
        writeln!(f, "Backup      {}", self.backup)?;
        writeln!(f, "Margin      {} levels", self.margin)?;
        writeln!(f, "Lock        {}", self.lock.as_deref().unwrap_or("of this machine only"))?;
        for (hook, argv) in &self.hooks {
            writeln!(f, "Hook        {hook}: {}", argv.join(" "))?;
        }
        writeln!(f, "State       {}", self.state)
    }
}

/// Reads the configuration and shows it.
///
/// # Errors
/// There is none, or it is wrong.
pub(crate) fn run(settings: &Settings, out: &mut Output) -> Result<End, Failure> {
    let config = settings.config()?;
    let model = config.signer.device.model();
    let keys = match model.traits().keys {
        NamedBy::Alias => config.signer.keys.iter().map(ToString::to_string).collect(),
        NamedBy::Path => config.signer.path.iter().map(ToString::to_string).collect(),
    };
    if let Some(folder) = config
        .backup
        .path
        .iter()
        .chain(config.primary.machine.iter().filter_map(|m| m.path.as_ref()))
        .find(|p| !p.is_dir())
    {
        out.warn(format!("path: there is no folder {}", folder.display()));
    }
    // Those of another machine are looked at by `failover check`.
    let here = config.primary.machine.iter().filter(|machine| machine.host.is_none());
    for folder in here.flat_map(|machine| &machine.marks).filter(|f| std::fs::read_dir(f.to_string()).is_err()) {
        out.warn(format!("marks: {folder} cannot be read"));
    }
    for (hook, argv) in &config.watch.hooks {
        if let Some(program) = argv.first().filter(|program| program.starts_with('/') && !Path::new(program).is_file())
        {
            out.warn(format!("{hook}: there is no program {program}"));
        }
    }
    settings.passphrase(out)?;
    if let Some(lock) = &config.lock {
        if let (_, Some(warning)) = open::etcd(lock)? {
            out.warn(warning);
        }
        if let Some(url) = lock.in_the_clear() {
            out.warn(format!("etcd: the password goes to {url} in the clear; use https://"));
        }
    }
    let lock = config.lock.as_ref().map(|lock| {
        let key = lock.options(None).key(config.baker.chain, config.baker.address);
        let user = lock.user.as_ref().map(|(name, _)| format!(", as {name}")).unwrap_or_default();
        let members: Vec<&str> = lock.etcd.iter().map(|url| url.as_str()).collect();
        format!("etcd {}, key {key}{user}", members.join(", "))
    });
    out.show(&Understood {
        file: config.file.display().to_string(),
        name: config.baker.name,
        address: config.baker.address.to_string(),
        network: config.baker.network,
        chain_id: config.baker.chain.to_string(),
        node: config.chain.node.to_string(),
        tzkt: config.chain.tzkt.map(|url| url.to_string()),
        others: config.chain.others.iter().map(ToString::to_string).collect(),
        device: config.signer.device.to_string(),
        keys,
        passphrase: match (model.traits().armed_by, &config.signer.passphrase_file) {
            (ArmedBy::Press, _) => format!("none: a {model} asks at its buttons"),
            (ArmedBy::Passphrase, Some(_)) => "passphrase_file".to_owned(),
            (ArmedBy::Passphrase, None) if std::env::var_os("TEZSIGN_UNLOCK_PASS").is_some() => {
                "TEZSIGN_UNLOCK_PASS".to_owned()
            }
            (ArmedBy::Passphrase, None) => "asked on the terminal".to_owned(),
        },
        primary: config.primary.machine.as_ref().map(ToString::to_string),
        primary_signer: config.primary.signer.as_ref().map(ToString::to_string),
        marks: config.primary.machine.iter().flat_map(|m| &m.marks).map(ToString::to_string).collect(),
        power_status: config.primary.power_status,
        backup: config.backup.to_string(),
        margin: config.margin,
        lock,
        hooks: config.watch.hooks,
        state: settings.state().display().to_string(),
    });
    Ok(End::done("run `failover check`: is this backup ready"))
}
