//! Which levels marks are raised to, and what is refused: arithmetic on what was read (S2, S4, S5).

use std::fmt;

use thiserror::Error;

use super::{Arming, Cap, DeviceState, KeyName, KeyState, LedgerMarks, Mark, Marks, Model, SignerError};
use crate::tezos::{KeyHash, Level};

/// The level that a key's marks have to be set to: arithmetic on a state, and no order (see [`RaiseOrder`](super::RaiseOrder)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelNeeded {
    key: KeyName,
    level: Level,
}

impl LevelNeeded {
    /// Which key.
    #[must_use]
    pub const fn key(&self) -> &KeyName {
        &self.key
    }

    /// To which level, round 0.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
    }
}

/// What became of one key.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Raised {
    /// Which key.
    pub key: KeyName,
    /// Its marks before.
    pub before: Marks,
    /// Its marks, read back from the device.
    pub after: Marks,
}

/// Which key, with its marks before and after; `{:#}` for people, as of a [`Mark`].
impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.key)?;
        self.before.fmt(f)?;
        f.write_str(" before, ")?;
        self.after.fmt(f)?;
        f.write_str(" after")
    }
}

/// Why marks were not raised. Whatever it is, no mark was lowered.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RaiseError {
    /// The level asked for is below a mark that the device already has (S4).
    #[error("the key {key} is already at {mark:#}, above level {level:#}: a mark is never lowered")]
    Lower {
        /// Which key.
        key: KeyName,
        /// Its highest mark.
        mark: Mark,
        /// What was asked for.
        level: Level,
    },
    /// The level asked for, or the one that is needed to get above the key's marks, is past the cap (S4).
    #[error("level {level:#} for the key {key} is past the cap {cap:#}: a digit too many?")]
    PastCap {
        /// Which key.
        key: KeyName,
        /// The level it would be set to.
        level: Level,
        /// The highest level allowed.
        cap: Level,
    },
    /// RESET sets both marks of a Ledger, and one of them would go down, or forget what was signed at its level (S4).
    #[error("RESET sets both marks of the Ledger, and level {level:#} is not above both: it is {ledger}")]
    BothMarks {
        /// What was to be set.
        level: Level,
        /// What the device has.
        ledger: LedgerMarks,
    },
    /// The device does not show the key's marks, so nothing can be compared (S3).
    #[error("the marks of the key {key} are not known: the device does not show them")]
    Unknown {
        /// Which key.
        key: KeyName,
    },
    /// The device cannot read what the key signed last: a level that is set now could be below it (S4).
    #[error(
        "the state of the key {key} is damaged, and a level that is set now could lower its marks: nothing was raised"
    )]
    Damaged {
        /// Which key.
        key: KeyName,
    },
    /// No key was named. Nothing raised is not success.
    #[error("no key to raise")]
    NoKeys,
    /// The device.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// A mark is not any more where it was when the order was made: it was not sent (S4).
    #[error(
        "the marks of the key {key} moved since they were read: the highest was {was:#}, and is {is:#}; nothing was sent"
    )]
    Moved {
        /// Which key.
        key: KeyName,
        /// Its highest mark when the order was made.
        was: Mark,
        /// Its highest mark right before the order would have been sent.
        is: Mark,
    },
    /// The device has another key of that name than it had when it was read first: nothing of the two can be compared (S4).
    #[error("{key} was the key {was} when its marks were read first, and is {is} now: another device?")]
    OtherKey {
        /// Its name.
        key: KeyName,
        /// The key that was read first, and that the order was made for.
        was: KeyHash,
        /// The key that was read later.
        is: KeyHash,
    },
    /// What was read back is below what was ordered (S5).
    #[error("the key {key} reads back {after:#}, not at least {level:#}")]
    NotReached {
        /// Which key.
        key: KeyName,
        /// Its lowest mark, read back.
        after: Mark,
        /// What was ordered.
        level: Level,
    },
    /// A mark that was read back is below the one that was read before: the device is at fault (S4).
    #[error("a mark of the key {key} went down from {before:#} to {after:#}")]
    WentDown {
        /// Which key.
        key: KeyName,
        /// Before.
        before: Mark,
        /// After.
        after: Mark,
    },
}

impl RaiseError {
    /// The next safe action.
    #[must_use]
    pub const fn next(&self) -> &'static str {
        match self {
            Self::Signer(signer) => signer.next(),
            Self::Lower { .. } => {
                "compare with `failover level`: a mark never goes down; if this one is far above the head, another card is \
                 needed"
            }
            Self::PastCap { .. } => {
                "compare the level with `failover level`, digit by digit; if the key's own mark is that high, another card \
                 is needed: a mark never goes down"
            }
            Self::BothMarks { .. } => {
                "leave them as they are: `failover run` sets the Ledger up for this chain by SETUP, which lowers neither"
            }
            Self::Unknown { .. } => "unlock the key first, or let `failover hwm raise` do it",
            Self::Damaged { .. } => {
                "plug in another backup's signer, or restore this card from its backup; do not sign with it"
            }
            Self::NoKeys => "name the keys, or check the card",
            Self::WentDown { .. } => "do not sign with this device: lock or deauthorize it, then look at it",
            Self::Moved { .. } => "find out what signs with it or raises it, then raise again",
            Self::OtherKey { .. } => "unplug the other device, or name one by its serial or path",
            Self::NotReached { .. } => "read the marks with `failover hwm show` before anything else",
        }
    }
}

/// Are all marks at level `floor` or above?
#[must_use]
pub fn reached(marks: &Marks, floor: Level) -> bool {
    marks.lowest().0.is_some_and(|p| p.level >= floor)
}

pub(super) fn state_of<'a>(state: &'a DeviceState, key: &KeyName) -> Result<&'a KeyState, RaiseError> {
    let known = || state.keys.iter().map(|k| k.name.clone()).collect();
    Ok(state.named(key).ok_or_else(|| SignerError::UnknownKey { key: key.clone(), known: known() })?)
}

pub(super) fn marks_of(state: &DeviceState, key: &KeyName) -> Result<Marks, RaiseError> {
    let state = state_of(state, key)?;
    match state.marks {
        Some(marks) => Ok(marks),
        None if state.arming == Arming::Corrupted => Err(RaiseError::Damaged { key: key.clone() }),
        None => Err(RaiseError::Unknown { key: key.clone() }),
    }
}

/// The levels that are needed to bring all `keys` to `floor` or above: nothing for a key whose kinds are all there, else
/// the floor, or one level above the key's highest mark where a kind is already past the floor (S2).
///
/// # Errors
/// A key's marks are not known, the level needed is past `cap`, or a Ledger's RESET would lower its other mark.
pub fn plan_raise(
    state: &DeviceState,
    keys: &[KeyName],
    floor: Level,
    cap: Cap,
) -> Result<Vec<LevelNeeded>, RaiseError> {
    let mut needed = Vec::new();
    for key in keys {
        let marks = marks_of(state, key)?;
        if !reached(&marks, floor) {
            needed.push(level_above(state.info.model, key, &marks, floor, cap)?);
        }
    }
    both_marks(state, &needed)?;
    if keys.is_empty() { Err(RaiseError::NoKeys) } else { Ok(needed) }
}

/// RESET would set the mark of the other chains as well.
fn both_marks(state: &DeviceState, needed: &[LevelNeeded]) -> Result<(), RaiseError> {
    let Some(ledger) = state.info.ledger else { return Ok(()) };
    let highest = ledger.main.max(ledger.test).0.map(|at| at.level);
    match needed.iter().find(|needed| highest.is_some_and(|highest| highest >= needed.level)) {
        Some(needed) => Err(RaiseError::BothMarks { level: needed.level, ledger }),
        None => Ok(()),
    }
}

/// The level that authorizes a Ledger's key: SETUP sets the mark too and forgets what was signed at its level, so
/// it goes above the present mark even where that is at the floor already.
///
/// # Errors
/// As [`plan_raise`].
pub fn plan_authorize(state: &DeviceState, key: &KeyName, floor: Level, cap: Cap) -> Result<LevelNeeded, RaiseError> {
    level_above(state.info.model, key, &marks_of(state, key)?, floor, cap)
}

fn level_above(model: Model, key: &KeyName, marks: &Marks, floor: Level, cap: Cap) -> Result<LevelNeeded, RaiseError> {
    let level = marks.highest().0.map_or(floor, |p| floor.max(p.level.above(1)));
    let cap = cap.level().min(model.traits().highest_level);
    if level > cap {
        return Err(RaiseError::PastCap { key: key.clone(), level, cap });
    }
    Ok(LevelNeeded { key: key.clone(), level })
}

/// Refuses a level that a person typed where it is below a mark of one of the keys: never lower (S4).
///
/// # Errors
/// [`RaiseError::Lower`], or the marks are not known.
pub fn refuse_lower(state: &DeviceState, keys: &[KeyName], level: Level) -> Result<(), RaiseError> {
    for key in keys {
        let mark = marks_of(state, key)?.highest();
        if mark.0.is_some_and(|p| p.level > level) {
            return Err(RaiseError::Lower { key: key.clone(), mark, level });
        }
    }
    Ok(())
}

/// A card that was changed meanwhile has the same names.
pub(super) fn same_key(before: &KeyState, now: &DeviceState) -> Result<(), RaiseError> {
    let (was, is) = (before.key, state_of(now, &before.name)?.key);
    if was == is { Ok(()) } else { Err(RaiseError::OtherKey { key: before.name.clone(), was, is }) }
}

/// Compares marks read before and after (S4, S5).
///
/// # Errors
/// A mark went down, or is not at `floor`.
pub fn compare(key: &KeyName, before: Marks, after: Marks, floor: Level) -> Result<Raised, RaiseError> {
    for kind in crate::tezos::Kind::ALL {
        if after.of(kind) < before.of(kind) {
            return Err(RaiseError::WentDown { key: key.clone(), before: before.of(kind), after: after.of(kind) });
        }
    }
    if !reached(&after, floor) {
        return Err(RaiseError::NotReached { key: key.clone(), after: after.lowest(), level: floor });
    }
    Ok(Raised { key: key.clone(), before, after })
}
