//! Raising marks: read, refuse to lower, refuse past the cap, send, read back, compare (S2, S4, S5).

use super::needed::{RaiseError, Raised, compare, marks_of, reached, refuse_lower, same_key, state_of};
use super::order::DeviceReading;
use super::traits::Lowering;
use super::{Cap, HwmSetter, KeyName};
use crate::tezos::Level;

/// Raises the marks of all `keys` to `level`, one key at a time, and reads back: what somebody asks for who names a level.
/// Already there is success; a mark above it is an error, for any of the keys.
///
/// # Errors
/// See [`RaiseError`]. After [`RaiseError::Lower`] nothing was sent; else keys raised before the error stay raised.
pub fn raise<D: HwmSetter + ?Sized>(
    device: &mut D,
    keys: &[KeyName],
    level: Level,
    cap: Cap,
) -> Result<Vec<Raised>, RaiseError> {
    let before = DeviceReading::of(device)?;
    refuse_lower(before.state(), keys, level)?;
    raise_from(device, &before, keys, level, cap)
}

/// Brings all `keys` to `floor` or above, one at a time, and reads back: what a failover asks for, whose floor follows from
/// what the other machine signed. A key that is above it on all kinds is left as it is, and that is success; one that is above
/// it on some goes one level above those (S2).
///
/// # Errors
/// See [`RaiseError`]; keys raised before the error stay raised.
pub fn raise_to_floor<D: HwmSetter + ?Sized>(
    device: &mut D,
    keys: &[KeyName],
    floor: Level,
    cap: Cap,
) -> Result<Vec<Raised>, RaiseError> {
    let before = DeviceReading::of(device)?;
    raise_from(device, &before, keys, floor, cap)
}

fn raise_from<D: HwmSetter + ?Sized>(
    device: &mut D,
    before: &DeviceReading,
    keys: &[KeyName],
    floor: Level,
    cap: Cap,
) -> Result<Vec<Raised>, RaiseError> {
    let obeys = device.model().traits().lowering == Lowering::Obeyed;
    for (sent, order) in before.orders(keys, floor, cap)?.into_iter().enumerate() {
        // What was read in this call, by the library itself, is the proof for what is sent next. A device that lowers a mark
        // where it is told to is read again before each further order; one that refuses is the second proof itself, and
        // is not asked more (docs/devices.md counts).
        let order = if sent > 0 && obeys {
            let again = DeviceReading::of(device)?.orders(std::slice::from_ref(order.key()), floor, cap)?.pop();
            let Some(order) = again else { continue };
            order
        } else {
            order
        };
        // A set that was not answered may have taken effect all the same: the read-back decides.
        if let Err(error) = order.push(device) {
            // Where nothing can be read, what went wrong first says more.
            let Ok(after) = device.state() else { return Err(error.into()) };
            if !reached(&marks_of(&after, order.key())?, floor) {
                return Err(error.once_read("RESET").into());
            }
        }
    }
    let (before, after) = (before.state(), device.state()?);
    let read_back = |key: &KeyName| {
        same_key(state_of(before, key)?, &after)?;
        compare(key, marks_of(before, key)?, marks_of(&after, key)?, floor)
    };
    keys.iter().map(read_back).collect()
}
