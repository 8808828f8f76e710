//! Values on the command line, checked before anything is tried.

use std::str::FromStr;

use failover_core::tezos::Level;

/// A text that is no level.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LevelError {
    /// Something else than digits, or groups that are not of three digits.
    #[error("write it in digits, whole or in groups of three: 15267109, 15_267_109 or 15,267,109")]
    Shape,
    /// Zero, which is how unknown looks, or more than the protocol can count.
    #[error("a level is between 1 and 2,147,483,647")]
    Range,
}

/// A level as a person types it. Groups must be whole: a digit too many or too few shows.
pub(crate) fn level(text: &str) -> Result<Level, LevelError> {
    let separator = text.chars().find(|c| matches!(c, '_' | ',')).unwrap_or('_');
    let groups: Vec<&str> = text.split(separator).collect();
    let grouped = groups.len() > 1;
    for (i, group) in groups.iter().enumerate() {
        let digits = !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit());
        let width = !grouped || group.len() == 3 || (i == 0 && group.len() < 3);
        if !digits || !width {
            return Err(LevelError::Shape);
        }
    }
    let number = groups.concat().parse::<u64>().map_err(|_| LevelError::Range)?;
    Level::new(number).filter(|level| level.get() <= Level::PROTOCOL_MAX).ok_or(LevelError::Range)
}

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
    fn levels_in_digits_and_whole_groups_only() {
        for text in ["15267109", "15_267_109", "15,267,109", "015267109"] {
            assert_eq!(level(text).map(Level::get), Ok(15_267_109), "{text}");
        }
        for text in ["", "-1", "+1", "1e7", "15_267_10", "15_2671_09", "15,267_109", "_1", "1_", "1,", "0x10", " 1"] {
            assert_eq!(level(text), Err(LevelError::Shape), "{text}");
        }
        for text in ["0", "000", "2147483648", "99999999999999999999999"] {
            assert_eq!(level(text), Err(LevelError::Range), "{text}");
        }
    }

    #[test]
    fn confirmations_name_the_baker_and_the_plan() {
        let confirmation: Confirmation = "my:baker:1f2e".parse().unwrap();
        assert_eq!((confirmation.name.as_str(), confirmation.plan.as_str()), ("my:baker", "1f2e"));
        for text in ["", "mybaker", "mybaker:", ":1f2e", " :x"] {
            assert!(text.parse::<Confirmation>().is_err(), "{text}");
        }
    }
}
