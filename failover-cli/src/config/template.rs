//! A new configuration, with a comment at every key. What is not known stands in it as a line to be filled in, with how
//! to find it out: nothing is made up.

use std::fmt::{Display, Write};

use failover_core::baker::MarkFolder;
use failover_core::chain::SourceUrl;
use failover_core::config::Control;
use failover_core::signer::ledger::{Derivation, KeyPath};
use failover_core::signer::traits::NamedBy;
use failover_core::signer::{KeyName, Selector};
use failover_core::tezos::{ChainId, KeyHash};

#[cfg(test)]
mod tests;

/// What is known. What is not is left open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Template {
    /// The baker's name.
    pub(crate) name: Option<String>,
    /// The baker's address.
    pub(crate) address: Option<KeyHash>,
    /// The network's name or chain id.
    pub(crate) network: Option<String>,
    /// The own node.
    pub(crate) node: Option<SourceUrl>,
    /// A second opinion that is used.
    pub(crate) tzkt: Option<SourceUrl>,
    /// The device.
    pub(crate) device: Option<Selector>,
    /// TezSign: the keys to use, where the device has others too; empty: every key on it.
    pub(crate) keys: Vec<KeyName>,
    /// Ledger: where the baker's key was found.
    pub(crate) ledger: Option<(KeyPath, Derivation)>,
    /// The primary's ssh destination; `None`: it can never be reached.
    pub(crate) primary: Option<String>,
    /// What controls the baker there.
    pub(crate) primary_control: Option<Control>,
    /// What controls the baker on this machine.
    pub(crate) backup: Option<Control>,
    /// Where the baker there keeps its marks; empty: known by the control, or not known.
    pub(crate) primary_marks: Vec<MarkFolder>,
    /// The same of this machine.
    pub(crate) backup_marks: Vec<MarkFolder>,
    /// What was seen when it was written, a comment under its section.
    pub(crate) seen: Vec<(Section, String)>,
}

/// Where a comment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Baker,
    Chain,
    Signer,
    Primary,
    Backup,
}

/// Why no file can be written from it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TemplateError {
    /// Neither a network's name nor a chain id.
    #[error("--network {network:?} is neither a known network nor a chain id")]
    Network {
        /// What was given.
        network: String,
    },
}

/// A TOML string, whatever is in it.
fn quoted(text: impl Display) -> String {
    toml::Value::String(text.to_string()).to_string()
}

fn list(words: impl IntoIterator<Item = impl Display>) -> String {
    let words: Vec<String> = words.into_iter().map(quoted).collect();
    format!("[{}]", words.join(", "))
}

/// TzKT's own address for a network, where it has one.
pub(crate) fn tzkt_of(network: &str) -> Option<&'static str> {
    match ChainId::of_network(network).ok()?.network()? {
        "mainnet" => Some("https://api.tzkt.io"),
        "shadownet" => Some("https://api.shadownet.tzkt.io"),
        _ => None,
    }
}

impl Template {
    /// The keys that are left open, in the file's order: `config check` asks for these and for nothing else.
    pub(crate) fn open(&self) -> Vec<&'static str> {
        let primary = self.primary.is_some() && self.primary_control.is_none();
        let open = [
            (self.name.is_none(), "name in [baker]"),
            (self.address.is_none(), "address in [baker]"),
            (self.network.is_none(), "network in [baker]"),
            (self.node.is_none(), "node in [chain]"),
            (self.device.is_none(), "device in [signer]"),
            (primary, "control in [primary]"),
            (self.backup.is_none(), "control in [backup]"),
        ];
        open.into_iter().filter(|(open, _)| *open).map(|(_, key)| key).collect()
    }

    /// The file's text.
    ///
    /// # Errors
    /// See [`TemplateError`].
    pub(crate) fn text(&self) -> Result<String, TemplateError> {
        if let Some(network) = self.network.as_ref().filter(|network| ChainId::of_network(network).is_err()) {
            return Err(TemplateError::Network { network: network.clone() });
        }
        let mut page = Page::default();
        page.raw(
            "# failover: this backup's configuration. `failover config check` reads it and says what will be used.",
        );
        if !self.open().is_empty() {
            page.raw("# It is not complete yet: fill in each line that says FILL IN, and remove the # in front of it.");
        }
        page.raw("");
        page.unused("state = \"/var/lib/failover\"", "journals, the guard's token, the pins; --state wins over it");
        page.raw("");
        self.baker(&mut page);
        self.chain(&mut page);
        self.signer(&mut page);
        self.primary(&mut page);
        self.section(&mut page, "[backup] # this machine", Section::Backup);
        control(&mut page, self.backup.as_ref());
        let what = "base folder of octez-baker here, for seed nonces; known for tezbake";
        marks(&mut page, &self.backup_marks, what);
        page.raw(REST);
        Ok(page.0)
    }

    fn section(&self, page: &mut Page, header: &str, section: Section) {
        page.raw(header);
        for (_, seen) in self.seen.iter().filter(|(of, _)| *of == section) {
            page.seen(seen);
        }
    }

    fn baker(&self, page: &mut Page) {
        self.section(page, "[baker]", Section::Baker);
        let name = self.name.as_ref().map(|name| format!("name = {}", quoted(name)));
        page.set(name, "what a person types to confirm", "name = \"mybaker\"", "the name by which you know this baker");
        let address = self.address.map(|address| format!("address = {}", quoted(address)));
        let how = "the baker's (manager) address, tz1... to tz4..., as an explorer shows it";
        page.set(address, "the baker (manager) address", "address = \"tz1...\"", how);
        let network = self.network.as_ref().map(|network| format!("network = {}", quoted(network)));
        let how = "as the node's /chains/main/chain_id says: a known name or that id";
        page.set(network, "or a chain id, Net...", "network = \"mainnet\"", how);
        page.raw("");
    }

    fn chain(&self, page: &mut Page) {
        self.section(page, "[chain]", Section::Chain);
        let node = self.node.as_ref().map(|node| format!("node = {}", quoted(node.written())));
        let what = "the own node's RPC, on loopback: other nodes deny a part of it";
        page.set(node, what, "node = \"http://127.0.0.1:8732\"", "the own node's RPC; none answered there");
        match (&self.tzkt, self.network.as_deref().and_then(tzkt_of)) {
            (Some(tzkt), _) => page.line(&format!("tzkt = {}", quoted(tzkt.written())), "a second opinion"),
            (None, Some(tzkt)) => page.unused(&format!("tzkt = {}", quoted(tzkt)), "a second opinion"),
            (None, None) => page.unused("tzkt = \"https://...\"", "a second opinion: TzKT's API for this network"),
        }
        page.unused("others = [\"http://10.0.0.2:8732\"]", "more nodes");
        page.unused("ca_file = \"/etc/failover/ca.pem\"", "a private CA, beside the usual ones; else SSL_CERT_FILE");
        page.raw("");
    }

    fn signer(&self, page: &mut Page) {
        self.section(page, "[signer]", Section::Signer);
        let device = self.device.as_ref().map(|device| format!("device = {}", quoted(device)));
        let how = "tezsign or ledger: plug it in, then `failover devices` shows it";
        page.set(device, "as `failover devices` shows it", "device = \"tezsign\"", how);
        let keys = self.device.as_ref().map(|device| device.model().traits().keys);
        if keys != Some(NamedBy::Path) {
            let what = "by alias; left out: every key on the device";
            match self.keys.as_slice() {
                [] => page.unused("keys = [\"consensus\", \"companion\"]", what),
                keys => page.line(&format!("keys = {}", list(keys)), what),
            }
            page.unused(
                "passphrase_file = \"/etc/failover/passphrase\"",
                "mode 0600; else TEZSIGN_UNLOCK_PASS, else asked",
            );
        }
        if keys != Some(NamedBy::Alias) {
            let what = "ed25519 or bip32-ed25519 (tz1), secp256k1 (tz2), secp256r1 (tz3), bls (tz4)";
            if let Some((path, curve)) = &self.ledger {
                page.line(&format!("path = {}", quoted(path)), "the key's path on the Ledger");
                page.line(&format!("curve = {}", quoted(curve)), what);
            } else {
                page.unused(
                    &format!("path = {}", quoted(KeyPath::default())),
                    "the key's path on a Ledger; this is the default",
                );
                page.unused(
                    &format!("curve = {}", quoted(Derivation::Ed25519)),
                    &format!("this is the default; {what}"),
                );
            }
        }
        page.raw("");
    }

    fn primary(&self, page: &mut Page) {
        self.section(page, "[primary]", Section::Primary);
        match &self.primary {
            Some(host) => {
                let what = "ssh destination; leave out both lines when it can never be reached";
                page.line(&format!("host = {}", quoted(host)), what);
                control(page, self.primary_control.as_ref());
            }
            None => {
                page.unused("host = \"baker@primary\"", "ssh destination; left out: it can never be reached");
                page.unused("control = \"tezbake\"", CONTROL);
            }
        }
        let what = "base folders of octez-baker and of a signer there, for what it signed; known for tezbake";
        marks(page, &self.primary_marks, what);
        page.unused("state = \"/var/lib/failover\"", "the state folder of failover there");
        page.unused(
            "device = \"tezsign\"",
            "its signer, as `failover devices` names it there; by default the kind above",
        );
        page.unused(
            "power_status = [\"ipmitool\", \"-H\", \"...\", \"power\", \"status\"]",
            "prints on or off: a rung of the fence",
        );
        let signer = "host = \"root@signer\", control = \"systemd\", units = [\"octez-signer\"]";
        page.unused(&format!("signer = {{ {signer} }}"), "its signer's machine, where that is another one");
        page.raw("");
    }
}

const CONTROL: &str = "or \"systemd\" with units, or \"command\" with start, stop, status";

fn control(page: &mut Page, control: Option<&Control>) {
    match control {
        Some(Control::TezBake { instance, start }) => {
            page.line("control = \"tezbake\"", CONTROL);
            if let Some(instance) = instance {
                page.line(
                    &format!("instance = {}", quoted(instance.to_string())),
                    "which of several, by name or folder",
                );
            }
            if let Some(start) = start {
                page.line(&format!("start = {}", list(start)), "instead of systemctl start");
            }
        }
        Some(Control::Systemd { units }) => {
            page.line("control = \"systemd\"", "or \"tezbake\", or \"command\" with start, stop, status");
            page.line(&format!("units = {}", list(units)), "every unit that signs, and no node");
        }
        Some(Control::Command { start, stop, status }) => {
            page.line("control = \"command\"", "or \"tezbake\", or \"systemd\" with units");
            page.line(&format!("start = {}", list(start)), "a program and its arguments");
            page.line(&format!("stop = {}", list(stop)), "it has to stop what signs");
            page.line(&format!("status = {}", list(status)), "prints running or stopped");
        }
        None => page.set(
            None,
            "",
            "control = \"tezbake\"",
            &format!("tezbake where `tezbake info` knows the baker, {CONTROL}"),
        ),
    }
}

fn marks(page: &mut Page, folders: &[MarkFolder], what: &str) {
    match folders {
        [] => page.unused("marks = [\"/var/lib/tezos/.tezos-client\"]", what),
        folders => page.line(&format!("marks = {}", list(folders)), what),
    }
}

/// The file, line by line.
#[derive(Default)]
struct Page(String);

impl Page {
    fn raw(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    /// A setting and what it is.
    fn line(&mut self, setting: &str, what: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "{setting:<34} # {what}");
    }

    /// A setting that is not used.
    fn unused(&mut self, setting: &str, what: &str) {
        self.line(&format!("# {setting}"), what);
    }

    /// A setting, or where it is not known an example and how to find it.
    fn set(&mut self, setting: Option<String>, what: &str, example: &str, how: &str) {
        match setting {
            Some(setting) => self.line(&setting, what),
            None => self.unused(example, &format!("FILL IN: {how}")),
        }
    }

    /// Words of a device, a node or a host: one line, whatever is in them.
    fn seen(&mut self, words: &str) {
        let words: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        self.raw(&format!("# seen: {}", words.trim()));
    }
}

/// What nobody can detect.
const REST: &str = "
[policy]
margin = 10                        # levels between what the primary may have signed and the marks

# [lock]                           # where others can fail this baker over too: one at a time
# etcd = [\"https://10.0.0.1:2379\"] # the members of one cluster, the same on every backup
# prefix = \"/failover\"             # before the chain and the baker in the key
# user = \"...\"                     # and password_file, where etcd has authentication on
# ca_file = \"...\"                  # and cert_file, key_file, as PEM

[watch] # programs that `failover watch` tells, with the record as a line of JSON on standard input
# silent = [\"/etc/failover/hooks/mail\"]    # the primary signed nothing in so many levels:
# levels = 10
# duplicate = [\"/etc/failover/hooks/mail\"] # another machine signed: this one was stopped
# guard = [\"/etc/failover/hooks/mail\"]     # something was started here while this machine stands by
# not_ready = [\"/etc/failover/hooks/mail\"] # a run would be refused here";
