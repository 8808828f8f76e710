//! The rungs of the fence: what proves that the primary does not sign.

use std::fmt;
use std::str::FromStr;

use crate::tezos::text_serde;

/// Which rung. Its name stands in journals and in `--json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum RungKind {
    /// None of its services can start again by itself.
    BootGuard,
    /// Its signer's keys cannot sign, and no reboot changes that.
    Disarmed,
    /// A person says that its signer is unplugged.
    Disconnected,
    /// It is switched off, as a person or a power status says.
    PoweredOff,
    /// This many levels with rights in which it signed nothing.
    Silent {
        /// How many.
        levels: u64,
    },
    /// Its services read back as stopped, twice.
    Stopped,
    /// Nothing proves it, and a person takes the risk.
    Unproven,
    /// The time since a statement or a refusal has passed.
    Waited,
}

impl RungKind {
    const NAMED: [(Self, &'static str); 7] = [
        (Self::Stopped, "stopped"),
        (Self::BootGuard, "boot-guard"),
        (Self::Disarmed, "disarmed"),
        (Self::Disconnected, "disconnected"),
        (Self::PoweredOff, "powered-off"),
        (Self::Unproven, "unproven"),
        (Self::Waited, "waited"),
    ];
}

impl fmt::Display for RungKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Silent { levels } = self {
            return f.pad(&format!("silent({levels})"));
        }
        f.pad(Self::NAMED.iter().find(|(kind, _)| kind == self).map_or("", |(_, name)| name))
    }
}

impl FromStr for RungKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = Self::NAMED.iter().find(|(_, name)| *name == text).map(|(kind, _)| *kind);
        let silent = || text.strip_prefix("silent(")?.strip_suffix(')')?.parse().ok();
        named
            .or_else(|| silent().map(|levels| Self::Silent { levels }))
            .ok_or_else(|| format!("no rung is called {text}"))
    }
}

text_serde!(RungKind);

/// One rung, as it stands.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Rung {
    /// Which one.
    #[serde(rename = "name")]
    pub kind: RungKind,
    /// Is it proven?
    pub proven: bool,
    /// What proved it, or what is missing.
    pub why: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_back_as_what_it_names() {
        let all = RungKind::NAMED.iter().map(|(kind, _)| *kind).chain([RungKind::Silent { levels: 10 }]);
        for kind in all {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        for wrong in ["", "silent", "silent(", "silent(x)", "Stopped"] {
            assert!(wrong.parse::<RungKind>().is_err(), "{wrong:?}");
        }
        let json = r#"{"name":"silent(2)","proven":false,"why":"0 of 2"}"#;
        assert_eq!(serde_json::to_string(&serde_json::from_str::<Rung>(json).unwrap()).unwrap(), json);
    }
}
