//! The configuration and the global flags, put together.

use std::path::PathBuf;

use failover_core::chain::SourceUrl;
use failover_core::config::{Config, Signer, usual_ca_file};

use crate::args::Global;
use crate::config::{self, NoConfig};
use crate::failure::Failure;
use crate::output::Output;
use crate::prompt::Source;

/// Where runs are written down, unless `--state` or the configuration says otherwise.
const STATE: &str = "/var/lib/failover";

/// What a command works with: flags first, then the configuration.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The configuration; only some commands can do without.
    config: Result<Config, NoConfig>,
    global: Global,
}

impl Settings {
    /// Reads the configuration. One that is there and wrong is an error to every command; one that is not there
    /// only to a command that needs it.
    ///
    /// # Errors
    /// The configuration is wrong, or the named one is not there.
    pub(crate) fn load(global: Global) -> Result<Self, Failure> {
        let config = match config::find(global.config.as_deref()) {
            Ok(path) => Ok(Config::read(&path)?),
            Err(none) => Err(none),
        };
        Ok(Self { config, global })
    }

    /// The configuration, with `--device` and `--node` in their places.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn config(&self) -> Result<Config, Failure> {
        let mut config = self.config.clone()?;
        config.signer = self.signer()?;
        config.chain.node = self.node()?;
        Ok(config)
    }

    /// The flags that every command takes.
    pub(crate) const fn global(&self) -> &Global {
        &self.global
    }

    /// The configuration, where there is one.
    pub(crate) fn known(&self) -> Option<&Config> {
        self.config.as_ref().ok()
    }

    /// The folder of journals, token, pins: `--state`, else the configured one, else the usual one.
    pub(crate) fn state(&self) -> PathBuf {
        let configured = || self.known().and_then(|config| config.state.clone());
        self.global.state.clone().or_else(configured).unwrap_or_else(|| STATE.into())
    }

    /// The device: `--device`, else the configured one.
    ///
    /// # Errors
    /// Neither is there.
    pub(crate) fn signer(&self) -> Result<Signer, Failure> {
        match (&self.global.device, &self.config) {
            (None, Ok(config)) => Ok(config.signer.clone()),
            // Keys, path and passphrase are the configured device's; another kind of device has none of them.
            (Some(device), Ok(config)) if config.signer.device.model() == device.model() => {
                Ok(Signer { device: device.clone(), ..config.signer.clone() })
            }
            (Some(device), _) => Ok(Signer::of(device.clone())),
            (None, Err(none)) => Err(Failure::usage(none, "name the device with --device, or write a configuration")),
        }
    }

    /// The own node: `--node`, else the configured one.
    ///
    /// # Errors
    /// Neither is there.
    pub(crate) fn node(&self) -> Result<SourceUrl, Failure> {
        match (&self.global.node, &self.config) {
            (Some(node), config) => {
                let configured = config.as_ref().ok().map(|config| config.chain.ca_file.clone());
                Ok(node.clone().with_ca_file(configured.unwrap_or_else(usual_ca_file)))
            }
            (None, Ok(config)) => Ok(config.chain.node.clone()),
            (None, Err(none)) => Err(Failure::usage(none, "name the node with --node, or write a configuration")),
        }
    }

    /// Where the passphrase comes from; a file that others can read is said.
    ///
    /// # Errors
    /// The configured file cannot be read.
    pub(crate) fn passphrase(&self, out: &mut Output) -> Result<Source, Failure> {
        let (source, warning) = Source::open(self.signer()?.passphrase_file.as_deref())?;
        if let Some(warning) = warning {
            out.warn(warning);
        }
        Ok(source)
    }
}
