//! From the file as it is written to a configuration that can be used.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::baker::{Instance, MarkFolder, UnitName};
use crate::decision::policy::{MARGIN, MARGIN_LEAST, MARGIN_MOST};
use crate::host::{SshHost, SshOptions};
use crate::signer::KeyName;
use crate::signer::ledger::Derivation;
use crate::signer::traits::NamedBy;
use crate::state::StateDir;
use crate::tezos::ChainId;
use crate::watch::{Hook, SILENT_LEAST, SILENT_MOST};
use toml::Spanned;

use super::file::{self, ControlName, File};
use super::{BakerSection, Chain, Config, ConfigError, Control, Machine, Primary, Signer, WatchSection, usual_ca_file};
use crate::chain::SourceUrl;

type Argv = Option<Spanned<Vec<String>>>;

/// Checks a file; knows its name and text for the messages.
pub(super) struct Checker<'a> {
    path: &'a Path,
    text: &'a str,
}

/// The keys that say how a machine is controlled, wherever they stand.
struct ControlKeys {
    name: Spanned<ControlName>,
    instance: Option<Spanned<Instance>>,
    units: Argv,
    start: Argv,
    stop: Argv,
    status: Argv,
}

impl<'a> Checker<'a> {
    pub(super) const fn new(path: &'a Path, text: &'a str) -> Self {
        Self { path, text }
    }

    fn at(&self, offset: usize, why: impl Into<String>) -> ConfigError {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
        ConfigError::At { path: self.path.to_owned(), line, why: why.into() }
    }

    pub(super) fn wrong<T>(&self, value: &Spanned<T>, why: impl Into<String>) -> ConfigError {
        self.at(value.span().start, why)
    }

    /// Relative paths start from the folder of the file: a configuration can be moved with what it names.
    pub(super) fn resolve(&self, path: PathBuf) -> PathBuf {
        self.path.parent().map_or_else(|| path.clone(), |folder| folder.join(&path))
    }

    pub(super) fn config(&self) -> Result<Config, ConfigError> {
        let file: File = toml::from_str(self.text).map_err(|error| {
            let why = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
            self.at(error.span().map_or(0, |span| span.start), why)
        })?;
        let File { state, simulated, baker, chain, signer, primary, backup, policy, lock, watch } = file;
        let baker = self.baker(baker)?;
        let mut config = Config {
            file: self.path.to_owned(),
            state: self.folder("state", state)?,
            simulated,
            chain: self.chain(chain)?,
            signer: Signer { chain: Some(baker.chain), ..self.signer(signer)? },
            baker,
            primary: self.primary(primary)?,
            backup: self.backup(backup.into_inner())?,
            margin: self.margin(policy)?,
            lock: self.lock(lock)?,
            watch: self.watch(watch)?,
        };
        config.signer.root = config.root();
        Ok(config)
    }

    /// A source is no second opinion on itself.
    fn chain(&self, chain: file::Chain) -> Result<Chain, ConfigError> {
        let file::Chain { node, tzkt, others, ca_file } = chain;
        let is_own = |other: &SourceUrl| other.as_str() == node.as_str();
        if let Some(others) = others.as_ref().filter(|others| others.get_ref().iter().any(is_own)) {
            return Err(self.wrong(others, "others: this is the own node, which cannot be a second opinion on itself"));
        }
        if let Some(file) = ca_file.as_ref().filter(|file| !self.resolve(file.get_ref().clone()).is_file()) {
            return Err(self.wrong(file, "ca_file: there is no such file"));
        }
        let ca_file = ca_file.map(|file| self.resolve(file.into_inner())).or_else(usual_ca_file);
        let trusting = |url: SourceUrl| url.with_ca_file(ca_file.clone());
        let others = others.map(Spanned::into_inner).unwrap_or_default();
        Ok(Chain {
            node: trusting(node),
            tzkt: tzkt.map(trusting),
            others: others.into_iter().map(trusting).collect(),
            ca_file: ca_file.clone(),
        })
    }

    fn baker(&self, baker: file::Baker) -> Result<BakerSection, ConfigError> {
        if !super::name_fits(baker.name.get_ref()) {
            return Err(self.wrong(&baker.name, "name: between 1 and 64 characters, as a person would type them"));
        }
        let chain = ChainId::of_network(baker.network.get_ref()).map_err(|error| {
            self.wrong(&baker.network, format!("network: neither a known network nor a chain id: {error}"))
        })?;
        let (name, network) = (baker.name.into_inner(), baker.network.into_inner());
        Ok(BakerSection { name, address: baker.address, network, chain })
    }

    fn signer(&self, signer: Spanned<file::Signer>) -> Result<Signer, ConfigError> {
        let signer = signer.into_inner();
        let model = signer.device.model();
        let by_alias = model.traits().keys == NamedBy::Alias;
        let of_a_path =
            [signer.path.as_ref().map(|p| ("path", p.span())), signer.curve.as_ref().map(|c| ("curve", c.span()))];
        if let (true, Some((key, span))) = (by_alias, of_a_path.into_iter().flatten().next()) {
            return Err(self.at(span.start, format!("{key}: a {model}'s keys have aliases; this is for a Ledger")));
        }
        let of_an_alias = [
            signer.keys.as_ref().map(|k| ("keys", k.span())),
            signer.passphrase_file.as_ref().map(|p| ("passphrase_file", p.span())),
        ];
        if let (false, Some((key, span))) = (by_alias, of_an_alias.into_iter().flatten().next()) {
            return Err(self.at(span.start, format!("{key}: this is for a TezSign; a {model} has path and curve")));
        }
        Ok(Signer {
            device: signer.device,
            keys: self.keys(signer.keys)?,
            path: signer.path.map(Spanned::into_inner).or_else(super::usual_path),
            curve: signer.curve.map_or(Derivation::Ed25519, Spanned::into_inner),
            chain: None,
            passphrase_file: signer.passphrase_file.map(|p| self.resolve(p.into_inner())),
            root: crate::permit::Root::usual(),
        })
    }

    fn keys(&self, keys: Argv) -> Result<Vec<KeyName>, ConfigError> {
        let Some(keys) = keys else { return Ok(Vec::new()) };
        let names = keys.get_ref();
        // TezSign 2026-04-30: [a-z0-9_-]{1,64}
        let alias = |name: &String| {
            (1..=64).contains(&name.len())
                && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'))
        };
        if names.is_empty() {
            return Err(self.wrong(&keys, "keys: name at least one, or leave it out: every key of the device"));
        }
        if let Some(name) = names.iter().find(|name| !alias(name)) {
            return Err(self.wrong(&keys, format!("keys: {name:?} is not an alias of a key (a-z, 0-9, _ and -)")));
        }
        if let Some((_, name)) = names.iter().enumerate().find(|(i, name)| names.iter().take(*i).any(|n| n == *name)) {
            return Err(self.wrong(&keys, format!("keys: {name:?} is there twice")));
        }
        Ok(keys.into_inner().into_iter().map(KeyName::new).collect())
    }

    fn primary(&self, primary: Option<Spanned<file::Primary>>) -> Result<Primary, ConfigError> {
        let Some(primary) = primary else {
            return Ok(Primary { machine: None, signer: None, state: usual_state(), device: None, power_status: None });
        };
        let file::Primary {
            host,
            control,
            instance,
            units,
            start,
            stop,
            status,
            path,
            marks,
            device,
            state,
            power_status,
            signer,
        } = primary.into_inner();
        let power = power_status.clone();
        let power_status = power_status.map(|argv| self.argv("power_status", argv)).transpose()?;
        if let Some(state) = state.as_ref().filter(|state| control.is_none() || !state.get_ref().is_absolute()) {
            return Err(self.wrong(state, "state: an absolute path on that machine, used with host and control only"));
        }
        if let Some(device) = device.as_ref().filter(|_| control.is_none()) {
            return Err(self.wrong(device, "device: used only with host and control"));
        }
        if let Some(instance) = instance.as_ref().filter(|_| control.is_none()) {
            return Err(self.wrong(instance, "instance: used only with host and control"));
        }
        let machine = match (host, control) {
            (None, None) => {
                let needless =
                    [("units", &units), ("start", &start), ("stop", &stop), ("status", &status), ("marks", &marks)];
                if let Some((key, value)) = needless.into_iter().find_map(|(k, v)| v.as_ref().map(|v| (k, v))) {
                    return Err(self.wrong(value, format!("{key}: used only with host and control")));
                }
                None
            }
            (Some(host), None) => return Err(self.wrong(&host, "host: control is missing")),
            // Without a host the commands run on this machine: only a drill's stand-ins, never the backup itself.
            (None, Some(control)) if path.is_none() => {
                return Err(
                    self.wrong(&control, "control: host is missing; a primary that can never be reached has neither")
                );
            }
            (host, Some(name)) => {
                let host = host.map(|host| self.host(host)).transpose()?;
                let control = self.control(ControlKeys { name, instance, units, start, stop, status })?;
                // On another machine the folder is that machine's: it is taken as it is written.
                let path = if host.is_some() { path.map(Spanned::into_inner) } else { self.folder("path", path)? };
                let marks = marks.map(|folders| self.marks(folders)).transpose()?.unwrap_or_default();
                Some(Machine { host, control, path, marks })
            }
        };
        let state = state.map_or_else(usual_state, Spanned::into_inner);
        if let (Some(_), Some(status)) = (&signer, power) {
            let why = "power_status: not used with [primary.signer]: without power the baker still has its signer";
            return Err(self.wrong(&status, why));
        }
        let signer = signer.map(|signer| self.signer_machine(machine.as_ref(), signer)).transpose()?;
        Ok(Primary { machine, signer, state, device: device.map(Spanned::into_inner), power_status })
    }

    /// The machine of the primary's signer.
    fn signer_machine(
        &self,
        primary: Option<&Machine>,
        mut signer: Spanned<file::Machine>,
    ) -> Result<Machine, ConfigError> {
        if primary.is_none() {
            return Err(self.wrong(&signer, "signer: used only with host and control in [primary]"));
        }
        let Some(host) = signer.get_mut().host.take() else {
            return Err(self.wrong(&signer, "signer: host is missing"));
        };
        let signer = signer.into_inner();
        let machine = |host: &str| host.rsplit('@').next().unwrap_or(host).to_ascii_lowercase();
        let baker = primary.and_then(|primary| primary.host.as_deref()).map(machine);
        if baker.is_some_and(|baker| baker == machine(host.get_ref())) {
            return Err(self.wrong(&host, "host: the baker's own machine; name its signer's units in [primary]"));
        }
        if *signer.control.get_ref() == ControlName::Command {
            return Err(self
                .wrong(&signer.control, "control: tezbake or systemd: a signer that cannot be guarded is not fenced"));
        }
        // The folder is that machine's: it is taken as it is written.
        let path = signer.path.clone().map(Spanned::into_inner);
        Ok(Machine { host: Some(self.host(host)?), path, ..self.machine(signer)? })
    }

    fn marks(&self, folders: Spanned<Vec<String>>) -> Result<Vec<MarkFolder>, ConfigError> {
        let parsed: Result<Vec<MarkFolder>, _> = folders.get_ref().iter().map(|folder| folder.parse()).collect();
        match parsed {
            Err(error) => Err(self.wrong(&folders, format!("marks: {error}"))),
            Ok(parsed) if parsed.is_empty() => {
                Err(self.wrong(&folders, "marks: name at least one folder, or leave it out"))
            }
            Ok(parsed) => Ok(parsed),
        }
    }

    fn backup(&self, backup: file::Machine) -> Result<Machine, ConfigError> {
        if let Some(host) = &backup.host {
            return Err(self.wrong(host, "host: the backup is this machine"));
        }
        let path = self.folder("path", backup.path.clone())?;
        Ok(Machine { path, ..self.machine(backup)? })
    }

    /// What controls a machine, and where its marks are: without its host and folder.
    fn machine(&self, machine: file::Machine) -> Result<Machine, ConfigError> {
        let file::Machine { host: _, control, instance, units, start, stop, status, path: _, marks } = machine;
        let control = self.control(ControlKeys { name: control, instance, units, start, stop, status })?;
        let marks = marks.map(|folders| self.marks(folders)).transpose()?.unwrap_or_default();
        Ok(Machine { host: None, control, path: None, marks })
    }

    fn folder(&self, key: &str, path: Option<Spanned<PathBuf>>) -> Result<Option<PathBuf>, ConfigError> {
        match path {
            Some(path) if path.get_ref().as_os_str().is_empty() => {
                Err(self.wrong(&path, format!("{key}: name a folder")))
            }
            path => Ok(path.map(|path| self.resolve(path.into_inner()))),
        }
    }

    fn host(&self, host: Spanned<String>) -> Result<String, ConfigError> {
        match SshHost::new(host.get_ref().as_str(), SshOptions::default()) {
            Ok(_not_connected) => Ok(host.into_inner()),
            Err(error) => Err(self.wrong(&host, format!("host: {error}"))),
        }
    }

    fn control(&self, keys: ControlKeys) -> Result<Control, ConfigError> {
        let ControlKeys { name, instance, units, start, stop, status } = keys;
        if let Some(instance) = instance.as_ref().filter(|_| *name.get_ref() != ControlName::TezBake) {
            return Err(self.wrong(instance, "instance: not used by this control"));
        }
        let foreign = |list: &[(&str, &Argv)]| {
            let found = list.iter().find_map(|(key, value)| value.as_ref().map(|value| (*key, value)));
            found.map_or(Ok(()), |(key, value)| Err(self.wrong(value, format!("{key}: not used by this control"))))
        };
        let missing = |key: &str| self.wrong(&name, format!("control: {key} is missing"));
        match *name.get_ref() {
            ControlName::TezBake => {
                foreign(&[("units", &units), ("stop", &stop), ("status", &status)])?;
                let start = start.map(|start| self.argv("start", start)).transpose()?;
                Ok(Control::TezBake { instance: instance.map(Spanned::into_inner), start })
            }
            ControlName::Systemd => {
                foreign(&[("start", &start), ("stop", &stop), ("status", &status)])?;
                let units = units.ok_or_else(|| missing("units"))?;
                if units.get_ref().is_empty() {
                    return Err(self.wrong(&units, "units: the names of the units that sign, at least one"));
                }
                if let Some(error) = units.get_ref().iter().find_map(|unit| unit.parse::<UnitName>().err()) {
                    return Err(self.wrong(&units, format!("units: {error}")));
                }
                Ok(Control::Systemd { units: units.into_inner() })
            }
            ControlName::Command => {
                foreign(&[("units", &units)])?;
                Ok(Control::Command {
                    start: self.argv("start", start.ok_or_else(|| missing("start"))?)?,
                    stop: self.argv("stop", stop.ok_or_else(|| missing("stop"))?)?,
                    status: self.argv("status", status.ok_or_else(|| missing("status"))?)?,
                })
            }
        }
    }

    fn argv(&self, key: &str, argv: Spanned<Vec<String>>) -> Result<Vec<String>, ConfigError> {
        let odd = |word: &String| word.contains('\0');
        if argv.get_ref().first().is_none_or(String::is_empty) || argv.get_ref().iter().any(odd) {
            return Err(self.wrong(&argv, format!("{key}: a program and its arguments, as a list")));
        }
        Ok(argv.into_inner())
    }

    fn watch(&self, watch: file::Watch) -> Result<WatchSection, ConfigError> {
        let file::Watch { levels, silent, duplicate, guard, not_ready } = watch;
        if let Some(levels) = levels.as_ref().filter(|levels| !(SILENT_LEAST..=SILENT_MOST).contains(levels.get_ref()))
        {
            return Err(self.wrong(levels, format!("levels: between {SILENT_LEAST} and {SILENT_MOST} levels")));
        }
        let mut hooks = BTreeMap::new();
        for (hook, argv) in
            [(Hook::Silent, silent), (Hook::Duplicate, duplicate), (Hook::Guard, guard), (Hook::NotReady, not_ready)]
        {
            let Some(argv) = argv else { continue };
            // As a service it has no folder of its own that a relative path could start from.
            if argv.get_ref().first().is_some_and(|program| program.contains('/') && !program.starts_with('/')) {
                return Err(self.wrong(&argv, format!("{hook}: an absolute path, or the name of a program in PATH")));
            }
            hooks.insert(hook, self.argv(hook.name(), argv)?);
        }
        Ok(WatchSection { levels: levels.map(Spanned::into_inner), hooks })
    }

    fn margin(&self, policy: file::Policy) -> Result<u64, ConfigError> {
        match policy.margin {
            Some(margin) if !(MARGIN_LEAST..=MARGIN_MOST).contains(margin.get_ref()) => {
                Err(self.wrong(&margin, format!("margin: between {MARGIN_LEAST} and {MARGIN_MOST} levels")))
            }
            margin => Ok(margin.map_or(MARGIN, Spanned::into_inner)),
        }
    }
}

/// Where the state is on a machine by default.
fn usual_state() -> PathBuf {
    PathBuf::from(StateDir::DEFAULT)
}
