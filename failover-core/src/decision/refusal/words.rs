//! The words of a refusal: keys, evidence, rungs and positions, as a sentence names them.

use crate::decision::rung::Rung;
use crate::facts::{Denunciation, ExpectedKey, KeyName, Signed};
use crate::tezos::KeyHash;

/// A name on the device, and the key that it stands for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Alias {
    /// The name.
    pub name: KeyName,
    /// Its key; `None`: the device has no such name.
    pub key: Option<KeyHash>,
}

impl std::fmt::Display for Alias {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.key {
            Some(key) => write!(f, "{key} ({})", self.name),
            None => write!(f, "nothing named {}", self.name),
        }
    }
}

pub(super) fn has(alias: Option<&Alias>, found: &[String]) -> String {
    match alias {
        Some(Alias { name, key: Some(key) }) => format!("where {name} is {key}; it has {}", all(found)),
        _ => format!("which has {}", all(found)),
    }
}

pub(super) fn configured(alias: &Alias, found: &[String]) -> String {
    match &alias.key {
        Some(key) => format!("the configured key {} is {key} on the device", alias.name),
        None => format!("the configured key {} is not on the device, which has {}", alias.name, all(found)),
    }
}

/// An expected key, with the cycle from which it is.
pub(crate) fn described(key: &ExpectedKey) -> String {
    format!("the {} key {}{}", key.role.name(), key.key, from(key.from_cycle))
}

pub(in crate::decision) fn evidence(denunciation: &Denunciation) -> String {
    match &denunciation.what {
        Some((kind, at)) => format!("a {kind} at {at:#} was signed twice, by the operation {}", denunciation.operation),
        None => format!("the operation {} says so", denunciation.operation),
    }
}

pub(super) fn from(cycle: Option<u64>) -> String {
    cycle.map(|c| format!(" from cycle {c}")).unwrap_or_default()
}

fn all(found: &[String]) -> String {
    if found.is_empty() { "none".to_owned() } else { found.join(", ") }
}

pub(super) fn missing(rungs: &[Rung]) -> String {
    let missing: Vec<String> = rungs.iter().filter(|r| !r.proven).map(|r| format!("{}: {}", r.kind, r.why)).collect();
    missing.join("; ")
}

pub(crate) fn positions(signed: &[Signed]) -> String {
    let shown: Vec<String> = signed.iter().take(3).map(|s| format!("{} {:#} in {}", s.kind, s.at, s.seen_in)).collect();
    let more = signed.len().saturating_sub(3);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

pub(super) fn known(holder: &str) -> &str {
    if holder.is_empty() { "whose is not known" } else { holder }
}
