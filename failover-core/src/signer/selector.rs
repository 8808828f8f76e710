//! Device selectors: which device, in one word.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;

use super::Model;

/// Which device is meant. Two devices that fit are refused, never the first taken (H18).
///
/// ```
/// use failover_core::signer::Selector;
/// let selector: Selector = "ledger+tcp:127.0.0.1:9999".parse()?;
/// assert_eq!(selector.to_string(), "ledger+tcp:127.0.0.1:9999");
/// assert!("usb".parse::<Selector>().is_err());
/// # Ok::<(), failover_core::signer::SelectorError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Selector {
    /// The one TezSign on USB, or the one with this serial (or USB path `bus-port.port`).
    TezSign(Option<String>),
    /// A TezSign behind a unix socket (a simulated one, or one that is served): management at PATH, sign at `PATH.sign`.
    TezSignUnix(PathBuf),
    /// The one Ledger on USB, or the one with this serial or hidraw path.
    Ledger(Option<String>),
    /// A Ledger behind Speculos' TCP.
    LedgerTcp {
        /// Host name or address.
        host: String,
        /// Port.
        port: u16,
    },
}

impl Selector {
    /// The one device of this kind on USB.
    #[must_use]
    pub const fn any(model: Model) -> Self {
        match model {
            Model::TezSign => Self::TezSign(None),
            Model::Ledger => Self::Ledger(None),
        }
    }

    /// Which kind of device.
    #[must_use]
    pub const fn model(&self) -> Model {
        match self {
            Self::TezSign(_) | Self::TezSignUnix(_) => Model::TezSign,
            Self::Ledger(_) | Self::LedgerTcp { .. } => Model::Ledger,
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TezSign(None) => f.write_str("tezsign"),
            Self::TezSign(Some(serial)) => write!(f, "tezsign:{serial}"),
            Self::TezSignUnix(path) => write!(f, "tezsign+unix:{}", path.display()),
            Self::Ledger(None) => f.write_str("ledger"),
            Self::Ledger(Some(serial)) => write!(f, "ledger:{serial}"),
            Self::LedgerTcp { host, port } if host.contains(':') => write!(f, "ledger+tcp:[{host}]:{port}"),
            Self::LedgerTcp { host, port } => write!(f, "ledger+tcp:{host}:{port}"),
        }
    }
}

/// A text that is no selector.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{text:?} is no device; use tezsign, tezsign:SERIAL, tezsign+unix:PATH, ledger, ledger:SERIAL-OR-PATH or ledger+tcp:HOST:PORT"
)]
pub struct SelectorError {
    text: String,
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || SelectorError { text: text.to_owned() };
        let (kind, rest) = match text.split_once(':') {
            Some((_, "")) => return Err(wrong()),
            Some((kind, rest)) => (kind, Some(rest)),
            None => (text, None),
        };
        match (kind, rest) {
            ("tezsign", rest) => Ok(Self::TezSign(rest.map(str::to_owned))),
            ("tezsign+unix", Some(path)) => Ok(Self::TezSignUnix(path.into())),
            ("ledger", rest) => Ok(Self::Ledger(rest.map(str::to_owned))),
            ("ledger+tcp", Some(address)) => {
                let (host, port) = address.rsplit_once(':').ok_or_else(wrong)?;
                let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
                let port = port.parse().map_err(|_| wrong())?;
                if host.is_empty() { Err(wrong()) } else { Ok(Self::LedgerTcp { host: host.to_owned(), port }) }
            }
            _ => Err(wrong()),
        }
    }
}

impl serde::Serialize for Selector {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Selector {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
