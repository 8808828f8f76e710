//! Levels: how many blocks there are. Never zero, because zero is how unknown looks (S3).

use std::fmt;
use std::num::NonZeroU64;

/// A level of the chain, from 1. The protocol keeps levels in 31 bits, TezSign in 64.
///
/// ```
/// use failover_core::tezos::Level;
/// let head = Level::new(15_267_099).ok_or("zero")?;
/// assert_eq!(head.above(10).get(), 15_267_109);
/// assert_eq!(Level::new(0), None);
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

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&grouped(self.get()))
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
