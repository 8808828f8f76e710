//! Device selectors: which device, in one word.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;

use super::{Model, registry};

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
pub struct Selector {
    model: Model,
    place: Place,
}

/// Where a device is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// The only one of its kind on USB, or the one with this serial or path: a TezSign's USB path `bus-port.port`, a
    /// Ledger's hidraw path.
    Usb(Option<String>),
    /// Behind a unix socket, a simulated one or one that is served. Of a TezSign: management at PATH, sign at `PATH.sign`.
    Unix(PathBuf),
    /// Behind TCP, as Speculos serves a Ledger.
    Tcp {
        /// Host name or address.
        host: String,
        /// Port.
        port: u16,
    },
    /// A file that stands for a device.
    File(PathBuf),
}

impl Selector {
    /// The device of this kind at this place. That its driver can be there is for the opening to say.
    #[must_use]
    pub const fn new(model: Model, place: Place) -> Self {
        Self { model, place }
    }

    /// The one device of this kind on USB.
    #[must_use]
    pub const fn any(model: Model) -> Self {
        Self::new(model, Place::Usb(None))
    }

    /// Which kind of device.
    #[must_use]
    pub const fn model(&self) -> Model {
        self.model
    }

    /// Where it is.
    #[must_use]
    pub const fn place(&self) -> &Place {
        &self.place
    }
}

/// The one device of this kind on USB, as [`Selector::any`].
impl From<Model> for Selector {
    fn from(model: Model) -> Self {
        Self::any(model)
    }
}

impl TryFrom<&str> for Selector {
    type Error = SelectorError;

    fn try_from(text: &str) -> Result<Self, SelectorError> {
        text.parse()
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.model.name())?;
        match &self.place {
            Place::Usb(None) => Ok(()),
            Place::Usb(Some(which)) => write!(f, ":{which}"),
            Place::Unix(path) => write!(f, "+unix:{}", path.display()),
            Place::Tcp { host, port } if host.contains(':') => write!(f, "+tcp:[{host}]:{port}"),
            Place::Tcp { host, port } => write!(f, "+tcp:{host}:{port}"),
            Place::File(path) => write!(f, "+file:{}", path.display()),
        }
    }
}

/// A text that is no selector.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is not a device; use {}", forms())]
pub struct SelectorError {
    text: String,
}

/// Every form that a selector may have.
fn forms() -> String {
    let forms: Vec<&str> = registry::drivers().flat_map(|driver| driver.forms).copied().collect();
    match forms.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, before)) => format!("{} or {last}", before.join(", ")),
        None => "no device: this build has no driver".to_owned(),
    }
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        read(text).ok_or_else(|| SelectorError { text: text.to_owned() })
    }
}

/// What stands before the first colon, and what after it.
fn parts(text: &str) -> (&str, Option<&str>) {
    match text.split_once(':') {
        Some((head, rest)) => (head, Some(rest)),
        None => (text, None),
    }
}

fn read(text: &str) -> Option<Selector> {
    let (head, rest) = parts(text);
    let fits = |form: &&'static str| matches!(parts(form), (wanted, more) if wanted == head && more.is_some() == rest.is_some());
    let model = registry::drivers().find(|driver| driver.forms.iter().any(fits))?.model;
    let place = match (head.strip_prefix(model.name())?, rest) {
        (_, Some("")) => return None,
        ("", which) => Place::Usb(which.map(str::to_owned)),
        ("+unix", Some(path)) => Place::Unix(path.into()),
        ("+file", Some(path)) => Place::File(path.into()),
        ("+tcp", Some(address)) => {
            let (host, port) = address.rsplit_once(':')?;
            let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
            let port = port.parse().ok()?;
            if host.is_empty() {
                return None;
            }
            Place::Tcp { host: host.to_owned(), port }
        }
        _ => return None,
    };
    Some(Selector { model, place })
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
