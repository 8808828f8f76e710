//! How high a mark may be set at all.

use std::fmt;

use crate::tezos::Level;

/// The highest level that the protocol has, a 32-bit signed integer's.
const PROTOCOL_MAX: Level = Level::FIRST.above(Level::PROTOCOL_MAX - 1);

/// No mark is set past this level (S4). It is never above the highest level that the protocol has: a mark there would let
/// nothing through for ever.
///
/// ```
/// use failover_core::signer::Cap;
/// use failover_core::tezos::Level;
/// let head = Level::new(15_267_099).ok_or("zero")?;
/// assert_eq!(Cap::above(head, 100).level().get(), 15_267_199);
/// assert_eq!(Cap::above(head, u64::MAX).level().get(), Level::PROTOCOL_MAX);
/// assert_eq!(Cap::new(Level::FIRST.above(u64::MAX)), None);
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(transparent)]
pub struct Cap(Level);

impl Cap {
    /// A cap at this level; `None` where the protocol has no such level.
    #[must_use]
    pub const fn new(level: Level) -> Option<Self> {
        if level.get() <= Level::PROTOCOL_MAX { Some(Self(level)) } else { None }
    }

    /// So many levels above a head, and no higher than the protocol goes.
    #[must_use]
    pub fn above(head: Level, levels: u64) -> Self {
        Self(head.above(levels).min(PROTOCOL_MAX))
    }

    /// The highest level that is not past it.
    #[must_use]
    pub const fn level(self) -> Level {
        self.0
    }
}

/// As an older journal has it, which knew no highest level: what is past that is read as that.
impl<'de> serde::Deserialize<'de> for Cap {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Level::deserialize(deserializer).map(|level| Self::above(level, 0))
    }
}

/// As its [`Level`].
impl fmt::Display for Cap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
