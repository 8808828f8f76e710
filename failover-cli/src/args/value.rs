//! Values on the command line, checked before anything is tried.

use std::str::FromStr;

/// A statement made beforehand by a flag: the baker's name, and the plan it was made about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Confirmation {
    /// The baker's name, as configured.
    pub(crate) name: String,
    /// The plan that `failover run --plan-only` printed.
    pub(crate) plan: String,
}

/// A text that is no NAME:PLAN.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write it as NAME:PLAN, both as `failover run --plan-only` prints them")]
pub(crate) struct ConfirmationError;

impl FromStr for Confirmation {
    type Err = ConfirmationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.rsplit_once(':') {
            Some((name, plan)) if !name.trim().is_empty() && !plan.trim().is_empty() => {
                Ok(Self { name: name.to_owned(), plan: plan.to_owned() })
            }
            _ => Err(ConfirmationError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confirmations_name_the_baker_and_the_plan() {
        let confirmation: Confirmation = "my:baker:1f2e".parse().unwrap();
        assert_eq!((confirmation.name.as_str(), confirmation.plan.as_str()), ("my:baker", "1f2e"));
        for text in ["", "mybaker", "mybaker:", ":1f2e", " :x"] {
            assert!(text.parse::<Confirmation>().is_err(), "{text}");
        }
    }
}
