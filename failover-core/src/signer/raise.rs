//! Raising marks: read, refuse to lower, refuse past the cap, set, read back, compare (S2, S4, S5).

use thiserror::Error;

use super::{Arming, DeviceState, HwmSetter, KeyName, KeyState, LedgerMarks, Mark, Marks, Model, SignerError};
use crate::tezos::Level;

/// An order to set one key's marks, planned against marks that were read from the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RaiseOrder {
    key: KeyName,
    level: Level,
}

impl RaiseOrder {
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

/// Why marks were not raised. Whatever it is, no mark was lowered.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RaiseError {
    /// The level asked for is below a mark that the device already has (S4).
    #[error("the key {key} is already at {mark}, above level {level}: a mark is never lowered")]
    Lower {
        /// Which key.
        key: KeyName,
        /// Its highest mark.
        mark: Mark,
        /// What was asked for.
        level: Level,
    },
    /// The level asked for, or the one that is needed to get above the key's marks, is past the cap (S4).
    #[error("level {level} for the key {key} is past the cap {cap}: a digit too many?")]
    PastCap {
        /// Which key.
        key: KeyName,
        /// The level it would be set to.
        level: Level,
        /// The highest level allowed.
        cap: Level,
    },
    /// RESET sets both marks of a Ledger, and one of them would go down, or forget what was signed at its level (S4).
    #[error("RESET sets both marks of the Ledger, and level {level} is not above both: it is {ledger}")]
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
    /// What was read back is below what was ordered (S5).
    #[error("the key {key} reads back {after}, not at least {level}")]
    NotReached {
        /// Which key.
        key: KeyName,
        /// Its lowest mark, read back.
        after: Mark,
        /// What was ordered.
        level: Level,
    },
    /// A mark that was read back is below the one that was read before: the device is at fault (S4).
    #[error("a mark of the key {key} went down from {before} to {after}")]
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
            Self::NotReached { .. } => "read the marks with `failover hwm show` before anything else",
        }
    }
}

/// Are all marks at level `floor` or above?
#[must_use]
pub fn reached(marks: &Marks, floor: Level) -> bool {
    marks.lowest().0.is_some_and(|p| p.level >= floor)
}

fn state_of<'a>(state: &'a DeviceState, key: &KeyName) -> Result<&'a KeyState, RaiseError> {
    let known = || state.keys.iter().map(|k| k.name.clone()).collect();
    Ok(state.named(key).ok_or_else(|| SignerError::UnknownKey { key: key.clone(), known: known() })?)
}

fn marks_of(state: &DeviceState, key: &KeyName) -> Result<Marks, RaiseError> {
    let state = state_of(state, key)?;
    match state.marks {
        Some(marks) => Ok(marks),
        None if state.arming == Arming::Corrupted => Err(RaiseError::Damaged { key: key.clone() }),
        None => Err(RaiseError::Unknown { key: key.clone() }),
    }
}

/// What must be sent to bring all `keys` to `floor` or above: nothing for a key whose kinds are all there, else
/// the floor, or one level above the key's highest mark where a kind is already past the floor (S2).
///
/// # Errors
/// A key's marks are not known, the level needed is past `cap`, or a Ledger's RESET would lower its other mark. Nothing was
/// sent.
pub fn plan_raise(
    state: &DeviceState,
    keys: &[KeyName],
    floor: Level,
    cap: Level,
) -> Result<Vec<RaiseOrder>, RaiseError> {
    let mut orders = Vec::new();
    for key in keys {
        let marks = marks_of(state, key)?;
        if !reached(&marks, floor) {
            orders.push(order_above(state.info.model, key, &marks, floor, cap)?);
        }
    }
    both_marks(state, &orders)?;
    if keys.is_empty() { Err(RaiseError::NoKeys) } else { Ok(orders) }
}

/// RESET would set the mark of the other chains as well.
fn both_marks(state: &DeviceState, orders: &[RaiseOrder]) -> Result<(), RaiseError> {
    let Some(ledger) = state.info.ledger else { return Ok(()) };
    let highest = ledger.main.max(ledger.test).0.map(|at| at.level);
    match orders.iter().find(|order| highest.is_some_and(|highest| highest >= order.level)) {
        Some(order) => Err(RaiseError::BothMarks { level: order.level, ledger }),
        None => Ok(()),
    }
}

/// The order that authorizes a Ledger's key: SETUP sets the mark too and forgets what was signed at its level, so
/// it goes above the present mark even where that is at the floor already.
///
/// # Errors
/// As [`plan_raise`].
pub fn plan_authorize(state: &DeviceState, key: &KeyName, floor: Level, cap: Level) -> Result<RaiseOrder, RaiseError> {
    order_above(state.info.model, key, &marks_of(state, key)?, floor, cap)
}

fn order_above(model: Model, key: &KeyName, marks: &Marks, floor: Level, cap: Level) -> Result<RaiseOrder, RaiseError> {
    let level = marks.highest().0.map_or(floor, |p| floor.max(p.level.above(1)));
    let cap = cap.min(model.traits().highest_level);
    if level > cap {
        return Err(RaiseError::PastCap { key: key.clone(), level, cap });
    }
    Ok(RaiseOrder { key: key.clone(), level })
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

/// Brings all `keys` to `floor` or above, one at a time, and reads back. Already there is success.
///
/// # Errors
/// See [`RaiseError`]; keys raised before the error stay raised.
pub fn raise<D: HwmSetter + ?Sized>(
    device: &mut D,
    keys: &[KeyName],
    floor: Level,
    cap: Level,
) -> Result<Vec<Raised>, RaiseError> {
    let before = device.state()?;
    raise_from(device, &before, keys, floor, cap)
}

/// The same from marks that were read just before, in the same opening.
pub(crate) fn raise_from<D: HwmSetter + ?Sized>(
    device: &mut D,
    before: &DeviceState,
    keys: &[KeyName],
    floor: Level,
    cap: Level,
) -> Result<Vec<Raised>, RaiseError> {
    for order in plan_raise(before, keys, floor, cap)? {
        // A set that was not answered may have taken effect all the same: the read-back decides.
        if let Err(error) = device.set(&order) {
            // Where nothing can be read, what went wrong first says more.
            let Ok(after) = device.state() else { return Err(error.into()) };
            if !reached(&marks_of(&after, order.key())?, floor) {
                return Err(error.once_read("RESET").into());
            }
        }
    }
    let after = device.state()?;
    keys.iter().map(|key| compare(key, marks_of(before, key)?, marks_of(&after, key)?, floor)).collect()
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
