//! Levels: how many blocks there are. Never zero, because zero is how unknown looks (S3).

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

use thiserror::Error;

/// A level of the chain, from 1. The protocol keeps levels in 31 bits, TezSign in 64.
///
/// ```
/// use failover_core::tezos::Level;
/// let head = Level::new(15_267_099).ok_or("zero")?;
/// assert_eq!(head.above(10).get(), 15_267_109);
/// assert_eq!(Level::new(0), None);
/// // Digits for a program, groups for a person; both are read.
/// assert_eq!((head.to_string(), head.grouped()), ("15267099".to_owned(), "15,267,099".to_owned()));
/// assert_eq!(("15267099".parse(), "15,267,099".parse()), (Ok(head), Ok(head)));
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Level(NonZeroU64);

impl Level {
    /// The first block after genesis.
    pub const FIRST: Self = Self(NonZeroU64::MIN);
    /// The highest level that the protocol can reach: a 32-bit signed integer's.
    pub const PROTOCOL_MAX: u64 = i32::MAX as u64;

    /// A level; `None` for 0.
    #[must_use]
    pub const fn new(level: u64) -> Option<Self> {
        match NonZeroU64::new(level) {
            Some(level) => Some(Self(level)),
            None => None,
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0.get()
    }

    /// `levels` higher; stops at 2^64 - 1, which no cap lets pass.
    #[must_use]
    pub const fn above(self, levels: u64) -> Self {
        Self(self.0.saturating_add(levels))
    }

    /// `levels` lower; `None` where that would be 0 or less.
    #[must_use]
    pub const fn below(self, levels: u64) -> Option<Self> {
        match self.get().checked_sub(levels) {
            Some(level) => Self::new(level),
            None => None,
        }
    }

    /// As a person reads it: `15,267,099`. `{level:#}` writes the same.
    #[must_use]
    pub fn grouped(self) -> String {
        format!("{self:#}")
    }

    /// How many levels this is above `other`; 0 where it is not.
    #[must_use]
    pub const fn since(self, other: Self) -> u64 {
        self.get().saturating_sub(other.get())
    }

    /// All levels from this one to `last`, both included.
    pub fn to(self, last: Self) -> impl Iterator<Item = Self> {
        (self.get()..=last.get()).filter_map(Self::new)
    }
}

/// In digits, as [`FromStr`] reads them; `{:#}` is [`Level::grouped`], for people.
impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() { f.pad(&grouped(self.get())) } else { f.pad(&self.get().to_string()) }
    }
}

/// A text or a number that is no level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LevelError {
    /// Something else than digits, or groups that are not of three digits.
    #[error("write it in digits, whole or in groups of three: 15267109, 15_267_109 or 15,267,109")]
    Shape,
    /// Zero, which is how unknown looks, or more than the protocol can count.
    #[error("a level is between 1 and 2,147,483,647")]
    Range,
}

/// As a person or a program writes it. Groups must be whole: a digit too many or too few shows.
impl FromStr for Level {
    type Err = LevelError;

    fn from_str(text: &str) -> Result<Self, LevelError> {
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
        groups.concat().parse::<u64>().map_err(|_| LevelError::Range)?.try_into()
    }
}

/// No higher than the protocol can reach, as where it is read from a text; [`Level::new`] takes what a device says.
impl TryFrom<u64> for Level {
    type Error = LevelError;

    fn try_from(number: u64) -> Result<Self, LevelError> {
        Self::new(number).filter(|level| level.get() <= Self::PROTOCOL_MAX).ok_or(LevelError::Range)
    }
}

impl From<Level> for u64 {
    fn from(level: Level) -> Self {
        level.get()
    }
}

/// A number in groups of three digits: `15,267,099`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_whole_groups_only() {
        for text in ["15267109", "15_267_109", "15,267,109", "015267109"] {
            assert_eq!(text.parse().map(Level::get), Ok(15_267_109), "{text}");
        }
        for text in ["", "-1", "+1", "1e7", "15_267_10", "15_2671_09", "15,267_109", "_1", "1_", "1,", "0x10", " 1"] {
            assert_eq!(text.parse::<Level>(), Err(LevelError::Shape), "{text}");
        }
        for text in ["0", "000", "2147483648", "99999999999999999999999"] {
            assert_eq!(text.parse::<Level>(), Err(LevelError::Range), "{text}");
        }
    }

    #[test]
    fn what_is_shown_is_read_again_in_both_forms() {
        for number in [1, 12, 123, 1_234, 15_267_109, Level::PROTOCOL_MAX] {
            let level = Level::try_from(number).unwrap();
            assert_eq!((level.to_string().parse(), level.grouped().parse()), (Ok(level), Ok(level)));
            assert_eq!((level.to_string(), u64::from(level)), (number.to_string(), number));
        }
        assert_eq!(format!("{:>#12}|{:<4}|", Level::FIRST.above(1_233), Level::FIRST), "       1,234|1   |");
    }
}
