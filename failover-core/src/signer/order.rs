//! An order to set a mark: made from what the device has just said, good for one sending, compared before it is sent (S4).
//!
//! ```text
//!  DeviceReading::of(device) ──► RaiseOrder ──► send: read again, compare ──► CheckedOrder ──► the device's driver
//! ```
//!
//! None of the three can be made or copied outside of this file's room, so a driver is never handed a level that was planned
//! against marks that nobody read. Nor, of an order that is sent by itself, against marks that have moved since; of a raise of
//! several keys this holds where the device would obey a lower level. One that refuses it is read once for all of its keys.

use super::needed::{RaiseError, Raised, compare, marks_of, plan_authorize, plan_raise, same_key, state_of};
use super::{Arm, Arming, Cap, DeviceState, HwmSetter, KeyName, KeyState, LedgerMarks, Marks, SignerError};
use crate::tezos::{ChainId, Level};

/// What a device said when the library asked it. Orders are made from nothing else.
#[derive(Debug)]
pub struct DeviceReading(DeviceState);

impl DeviceReading {
    /// Asks the device now.
    ///
    /// # Errors
    /// As [`SignerDevice::state`](super::SignerDevice::state).
    pub fn of<D: HwmSetter + ?Sized>(device: &mut D) -> Result<Self, SignerError> {
        device.state().map(Self)
    }

    /// What it said.
    #[must_use]
    pub const fn state(&self) -> &DeviceState {
        &self.0
    }

    /// The orders that bring all `keys` to `floor` or above, as [`plan_raise`] finds the levels.
    ///
    /// # Errors
    /// As [`plan_raise`].
    pub fn orders(&self, keys: &[KeyName], floor: Level, cap: Cap) -> Result<Vec<RaiseOrder>, RaiseError> {
        plan_raise(&self.0, keys, floor, cap)?.iter().map(|needed| self.order(needed.key(), needed.level())).collect()
    }

    /// The order that authorizes this key at `floor` or above, as [`plan_authorize`] finds the level.
    ///
    /// # Errors
    /// As [`plan_authorize`].
    pub fn order_to_authorize(&self, key: &KeyName, floor: Level, cap: Cap) -> Result<RaiseOrder, RaiseError> {
        let needed = plan_authorize(&self.0, key, floor, cap)?;
        self.order(needed.key(), needed.level())
    }

    fn order(&self, key: &KeyName, level: Level) -> Result<RaiseOrder, RaiseError> {
        let (marks, key) = (marks_of(&self.0, key)?, state_of(&self.0, key)?.clone());
        Ok(RaiseOrder { key, marks, ledger: self.0.info.ledger, level })
    }
}

/// An order to set one key's marks, with the marks that it was made from. Sending it uses it up.
///
/// ```compile_fail
/// # fn twice<D: failover_core::HwmSetter>(order: failover_core::signer::RaiseOrder, device: &mut D) {
/// let _first = order.send(device);
/// let _second = order.send(device);
/// # }
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct RaiseOrder {
    key: KeyState,
    marks: Marks,
    ledger: Option<LedgerMarks>,
    level: Level,
}

impl RaiseOrder {
    /// Which key.
    #[must_use]
    pub const fn key(&self) -> &KeyName {
        &self.key.name
    }

    /// To which level, round 0.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
    }

    /// Reads the device again, and sends the order where that is what it was made from; then reads back.
    ///
    /// # Errors
    /// [`RaiseError::Moved`], [`RaiseError::OtherKey`]: it is not, and nothing was sent. Else as [`raise`](super::raise()).
    pub fn send<D: HwmSetter + ?Sized>(self, device: &mut D) -> Result<Raised, RaiseError> {
        self.unmoved(&device.state()?)?;
        let told = self.push(device);
        self.read_back(device, told, false)
    }

    /// The same for a device that a press authorizes: the key can sign after it.
    ///
    /// # Errors
    /// As [`RaiseOrder::send`]. After an error of the device the key may be authorized all the same: disarm it.
    pub fn authorize<D: HwmSetter + ?Sized>(self, device: &mut D, chain: ChainId) -> Result<Raised, RaiseError> {
        self.unmoved(&device.state()?)?;
        let told = self.arm(device, chain);
        self.read_back(device, told, true)
    }

    /// Sends it. Only for a reading that was made right before, in the same opening.
    pub(super) fn push<D: HwmSetter + ?Sized>(&self, device: &mut D) -> Result<(), SignerError> {
        device.send_level(&CheckedOrder(self))
    }

    /// Sends it as an authorization, on the same condition.
    pub(crate) fn arm<D: HwmSetter + ?Sized>(&self, device: &mut D, chain: ChainId) -> Result<(), SignerError> {
        device.arm(Arm::Authorize { order: &CheckedOrder(self), chain })
    }

    /// Is this the key that it was made for, and is every mark where it was?
    fn unmoved(&self, now: &DeviceState) -> Result<(), RaiseError> {
        same_key(&self.key, now)?;
        let marks = marks_of(now, self.key())?;
        if marks != self.marks || now.info.ledger != self.ledger {
            let (was, is) = (self.marks.highest(), marks.highest());
            return Err(RaiseError::Moved { key: self.key().clone(), was, is });
        }
        Ok(())
    }

    fn read_back<D: HwmSetter + ?Sized>(
        self,
        device: &mut D,
        told: Result<(), SignerError>,
        authorized: bool,
    ) -> Result<Raised, RaiseError> {
        let after = match (device.state(), &told) {
            (Ok(after), _) => after,
            // Where nothing can be read, what went wrong first says more.
            (Err(_), Err(told)) => return Err(told.clone().into()),
            (Err(error), Ok(())) => return Err(error.into()),
        };
        // What the device said is why it was not done; where it was done that does not count (S5).
        match (self.done(&after, authorized), told) {
            (Err(error @ RaiseError::WentDown { .. }), _) => Err(error),
            (Err(_), Err(told)) => Err(told.into()),
            (read, _) => read,
        }
    }

    fn done(&self, after: &DeviceState, authorized: bool) -> Result<Raised, RaiseError> {
        same_key(&self.key, after)?;
        if authorized && state_of(after, self.key())?.arming != Arming::Armed {
            return Err(SignerError::KeyLocked { key: self.key().clone() }.into());
        }
        compare(self.key(), self.marks, marks_of(after, self.key())?, self.level)
    }
}

/// An order that was compared with what the device said right before: what a driver gets, and cannot keep.
#[derive(Debug)]
pub struct CheckedOrder<'a>(&'a RaiseOrder);

impl CheckedOrder<'_> {
    /// Which key.
    #[must_use]
    pub const fn key(&self) -> &KeyName {
        self.0.key()
    }

    /// To which level, round 0.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.0.level
    }
}
