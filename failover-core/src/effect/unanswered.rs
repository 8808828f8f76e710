//! An unlock that was not answered may still end on the device, and open its keys after they read back as locked. They are
//! locked and read again until it is over; and it is over only when the device has answered for as long: one that stood still
//! has not begun with it.

use std::time::Duration;

use super::{EffectError, disarm_keys};
use crate::clock::Clock;
use crate::signer::HwmSetter;

/// An unlock that was not answered is over by then.
pub const UNLOCK_LATE: Duration = Duration::from_secs(30);
/// The pause between two looks, and how many in a row are answered before it is over.
const PAUSE: Duration = Duration::from_secs(2);
const LOOKS: u64 = UNLOCK_LATE.as_secs() / PAUSE.as_secs();
/// This many looks may be left without an answer: then nothing is proven.
const SILENT: u32 = 5;

/// What a person is told meanwhile.
pub(crate) const WAITS: &str =
    "an unlock was not answered and may still open the keys: they are locked again until it is over";

/// Locks every key and reads back, again and again until an unlock that was not answered is over.
///
/// # Errors
/// The last look: a key could not be read back as locked.
pub(crate) fn lock_until_over(device: &mut dyn HwmSetter, clock: &dyn Clock) -> Result<(), EffectError> {
    let (mut left, mut silent) = (None, 0);
    loop {
        let last = disarm_keys(device);
        match last {
            Err(EffectError::Signer(_)) => (left, silent) = (None, silent + 1),
            _ => left = Some(left.map_or(LOOKS, |left: u64| left.saturating_sub(1))),
        }
        if left == Some(0) {
            device.unlock_is_over();
        }
        if left == Some(0) || silent >= SILENT {
            return last;
        }
        clock.sleep(PAUSE);
    }
}
