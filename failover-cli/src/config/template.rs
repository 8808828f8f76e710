//! A new configuration, with a comment at every key.

use std::fmt::Write;

use failover_core::signer::{Model, Selector};
use failover_core::tezos::{ChainId, KeyHash};

use crate::args::NodeUrl;

/// What is known already. What is not stands in the file as a line to be filled in.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    /// The baker's name.
    pub(crate) name: Option<String>,
    /// The baker's address.
    pub(crate) address: Option<KeyHash>,
    /// The network's name or chain id.
    pub(crate) network: String,
    /// The own node.
    pub(crate) node: Option<NodeUrl>,
    /// The device.
    pub(crate) device: Option<Selector>,
    /// The primary's ssh destination.
    pub(crate) primary: Option<String>,
}

/// Why no file can be written from it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TemplateError {
    /// Neither a network's name nor a chain id.
    #[error("--network {network:?} is no known network and no chain id")]
    Network {
        /// What was given.
        network: String,
    },
}

/// A TOML string, whatever is in it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

impl Template {
    /// The file's text. Without an address it is not a whole configuration yet: `config check` names the line.
    ///
    /// # Errors
    /// See [`TemplateError`].
    pub(crate) fn text(&self) -> Result<String, TemplateError> {
        if ChainId::of_network(&self.network).is_err() {
            return Err(TemplateError::Network { network: self.network.clone() });
        }
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut text);
        Ok(text)
    }

    fn write(&self, f: &mut String) -> std::fmt::Result {
        let name = quoted(self.name.as_deref().unwrap_or("mybaker"));
        let address = self.address.map(|a| a.to_string());
        let node = quoted(self.node.as_ref().map_or("http://127.0.0.1:8732", NodeUrl::as_str));
        let device = self.device.clone().unwrap_or(Selector::TezSign(None));
        writeln!(
            f,
            "# failover: this backup's configuration. `failover config check` reads it and says what will be used.\n"
        )?;
        writeln!(
            f,
            "# state = \"/var/lib/failover\"      # journals, the guard's token, the pins; --state wins over it\n"
        )?;
        writeln!(f, "[baker]")?;
        writeln!(f, "name = {name:<28} # what a person types to confirm")?;
        match address {
            Some(address) => writeln!(f, "address = {} # the baker (manager) address", quoted(&address))?,
            None => writeln!(
                f,
                "address = \"\"                         # FILL IN: the baker (manager) address, tz1... to tz4..."
            )?,
        }
        writeln!(f, "network = {:<25} # or a chain id, Net...\n", quoted(&self.network))?;
        writeln!(f, "[chain]")?;
        writeln!(f, "node = {node:<28} # the own node's RPC, on loopback: foreign nodes deny some of it")?;
        writeln!(f, "# tzkt = \"https://api.tzkt.io\"     # a second opinion")?;
        writeln!(f, "# others = [\"http://10.0.0.2:8732\"] # more nodes\n")?;
        writeln!(f, "[signer]")?;
        writeln!(f, "device = {:<26} # as `failover devices` shows it", quoted(&device.to_string()))?;
        match device.model() {
            Model::TezSign => {
                writeln!(f, "# keys = [\"consensus\", \"companion\"] # by alias; left out: every key on the device")?;
                writeln!(
                    f,
                    "# passphrase_file = \"/etc/failover/passphrase\" # mode 0600; else TEZSIGN_UNLOCK_PASS, else asked\n"
                )?;
            }
            Model::Ledger => {
                writeln!(f, "path = \"44'/1729'/0'/0'\"          # the key's path on the Ledger")?;
                writeln!(
                    f,
                    "curve = \"ed25519\"                # ed25519 or bip32-ed25519 (tz1), secp256k1 (tz2), secp256r1 (tz3)\n"
                )?;
            }
        }
        writeln!(f, "[primary]")?;
        match &self.primary {
            Some(host) => {
                writeln!(
                    f,
                    "host = {:<28} # ssh destination; leave out both lines when it can never be reached",
                    quoted(host)
                )?;
                writeln!(
                    f,
                    "control = \"tezbake\"              # or \"systemd\" with units, or \"command\" with start, stop, status"
                )?;
            }
            None => {
                writeln!(f, "# host = \"baker@primary\"         # ssh destination; left out: it can never be reached")?;
                writeln!(
                    f,
                    "# control = \"tezbake\"            # or \"systemd\" with units, or \"command\" with start, stop, status"
                )?;
            }
        }
        writeln!(
            f,
            "# marks = [\"/var/lib/tezos/.tezos-client\"] # base folders of octez-baker and octez-signer there, for what it signed; known for tezbake"
        )?;
        writeln!(f, "# state = \"/var/lib/failover\"     # the state folder of failover there")?;
        writeln!(
            f,
            "# device = \"tezsign\"              # its signer, as `failover devices` names it there; the kind above unless told"
        )?;
        writeln!(
            f,
            "# power_status = [\"ipmitool\", \"-H\", \"...\", \"power\", \"status\"] # prints on or off: a rung of the fence\n"
        )?;
        writeln!(f, "[backup]")?;
        writeln!(f, "control = \"tezbake\"              # this machine: as above")?;
        writeln!(
            f,
            "# marks = [\"/var/lib/tezos/.tezos-client\"] # base folder of octez-baker here, for seed nonces; known for tezbake\n"
        )?;
        writeln!(f, "[policy]")?;
        writeln!(
            f,
            "margin = 10                      # levels between what the primary may have signed and the marks\n"
        )?;
        writeln!(f, "# [lock]                         # where others can fail this baker over too: one at a time")?;
        writeln!(f, "# etcd = [\"https://10.0.0.1:2379\"] # the members of one cluster, the same on every backup")?;
        writeln!(f, "# prefix = \"/failover\"           # before the chain and the baker in the key")?;
        writeln!(f, "# user = \"...\"                  # and password_file, where etcd has authentication on")?;
        writeln!(f, "# ca_file = \"...\"               # and cert_file, key_file, as PEM\n")?;
        writeln!(
            f,
            "[watch] # programs that `failover watch` tells, with the record as a line of JSON on standard input"
        )?;
        writeln!(f, "# silent = [\"/etc/failover/hooks/mail\"]    # the primary signed nothing in so many levels:")?;
        writeln!(f, "# levels = 10")?;
        writeln!(f, "# duplicate = [\"/etc/failover/hooks/mail\"] # another machine signed: this one was stopped")?;
        writeln!(
            f,
            "# guard = [\"/etc/failover/hooks/mail\"]     # something was started here while this machine stands by"
        )?;
        writeln!(f, "# not_ready = [\"/etc/failover/hooks/mail\"] # a run would be refused here")
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Config, Control};

    #[test]
    fn what_is_written_can_be_read() {
        for device in ["tezsign:AB\"C", "ledger+tcp:127.0.0.1:9999"] {
            let template = Template {
                name: Some("my \"baker\"".to_owned()),
                address: Some("tz4NTHPSqmuoo3o8BnQK5Bjhe9GxCUNvNkEh".parse().unwrap()),
                network: "mainnet".to_owned(),
                node: Some("http://127.0.0.1:8732".parse().unwrap()),
                device: Some(device.parse().unwrap()),
                primary: Some("baker@primary".to_owned()),
            };
            let config = Config::parse(Path::new("c.toml"), &template.text().unwrap()).unwrap();
            assert_eq!(config.baker.name, "my \"baker\"");
            assert_eq!(config.signer.device.to_string(), device);
            let primary = config.primary.machine.unwrap();
            assert_eq!((primary.host.as_deref(), primary.control), (Some("baker@primary"), Control::TezBake));
        }
    }

    #[test]
    fn an_address_that_is_missing_is_named() {
        let template =
            Template { name: None, address: None, network: "mainnet".into(), node: None, device: None, primary: None };
        let text = template.text().unwrap();
        let error = Config::parse(Path::new("c.toml"), &text).unwrap_err().to_string();
        let line = text.lines().position(|l| l.starts_with("address")).unwrap() + 1;
        assert!(error.starts_with(&format!("c.toml:{line}: ")), "{error}");
        let wrong = Template { network: "nonet".into(), ..template };
        assert!(wrong.text().is_err());
    }
}
