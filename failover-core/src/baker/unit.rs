//! The name of a service unit.

use std::fmt;
use std::str::FromStr;

/// A service's name as systemd knows it: `octez-baker.service`, `signer@main.service`. `.service` is added where it is left out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitName(String);

/// A text that is not the name of one service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not the name of one service, such as octez-baker.service: {why}")]
pub struct UnitNameError {
    text: String,
    why: &'static str,
}

/// Other types of units: they start and stop services, and are not services.
const OTHERS: [&str; 10] =
    [".socket", ".target", ".device", ".mount", ".automount", ".swap", ".timer", ".path", ".slice", ".scope"];

impl UnitName {
    /// The whole name, `.service` included.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UnitName {
    type Err = UnitNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let no = |why| Err(UnitNameError { text: text.chars().take(80).collect(), why });
        let stem = text.strip_suffix(".service").unwrap_or(text);
        if stem.is_empty() || stem.starts_with('-') {
            return no("it is empty or looks like an option");
        }
        // systemd.unit(5): letters, digits, and these; 255 bytes at most.
        if !stem.bytes().all(|b| b.is_ascii_alphanumeric() || b":-_.\\@".contains(&b)) {
            return no("a name has letters, digits and : - _ . \\ @ only, and no patterns");
        }
        if stem.ends_with('@') {
            return no("it is a template: name its instances");
        }
        if OTHERS.iter().any(|other| text.ends_with(other)) {
            return no("it is not a service");
        }
        let name = format!("{stem}.service");
        if name.len() > 255 {
            return no("it is too long");
        }
        Ok(Self(name))
    }
}

impl fmt::Display for UnitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

crate::tezos::text_serde!(UnitName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_services() {
        for (text, name) in [
            ("octez-baker", "octez-baker.service"),
            ("bb-default-node-xtz-baker.service", "bb-default-node-xtz-baker.service"),
            ("signer@main", "signer@main.service"),
        ] {
            assert_eq!(text.parse::<UnitName>().unwrap().as_str(), name);
        }
    }

    #[test]
    fn what_names_no_single_service() {
        for text in ["", ".service", "-x", "bb-*", "a b", "a;b", "a\n", "signer@", "signer@.service", "bake.timer", "é"]
        {
            assert!(text.parse::<UnitName>().is_err(), "{text:?}");
        }
        assert!("x".repeat(248).parse::<UnitName>().is_err());
    }
}
