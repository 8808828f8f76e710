//! The safe direction of a device (S12): its ability to sign is taken away, and read back.

use std::time::Duration;

use thiserror::Error;

use super::{Arming, KeyName, SignerDevice, SignerError};
use crate::clock::Clock;

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

/// Why a device is not known to be unable to sign.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DisarmError {
    /// It could not be told or read.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// It was read, and this key is armed, or may be.
    #[error("{} can still sign after it was told not to", .0)]
    StillArmed(KeyName),
}

impl DisarmError {
    /// The next safe action.
    #[must_use]
    pub const fn next(&self) -> &'static str {
        match self {
            Self::Signer(error) => error.next(),
            Self::StillArmed(_) => "unplug the backup's signer",
        }
    }
}

/// Takes the device's ability to sign away, and reads back.
///
/// # Errors
/// The device could not be told, or still can sign.
pub fn disarm<D: SignerDevice + ?Sized>(device: &mut D) -> Result<(), DisarmError> {
    device.open();
    let told = device.disarm();
    let read = device.state();
    device.close();
    let read = match (read, &told) {
        (Ok(read), _) => read,
        // Why the order failed says more than why the reading after it did.
        (Err(_), Err(told)) => return Err(told.clone().into()),
        (Err(error), Ok(())) => return Err(error.into()),
    };
    match read.keys.iter().find(|k| k.arming != Arming::Disarmed) {
        Some(key) => Err(told.err().map_or(DisarmError::StillArmed(key.name.clone()), DisarmError::Signer)),
        None => Ok(()),
    }
}

/// Locks every key and reads back, again and again until an unlock that was not answered is over: it may still end on the
/// device, and open its keys after they read back as locked. It is over only when the device has answered for as long:
/// one that stood still has not begun with it.
///
/// # Errors
/// The last look: a key could not be read back as locked.
pub(crate) fn lock_until_over<D: SignerDevice + ?Sized>(device: &mut D, clock: &dyn Clock) -> Result<(), DisarmError> {
    let (mut left, mut silent) = (None, 0);
    loop {
        let last = disarm(device);
        match last {
            Err(DisarmError::Signer(_)) => (left, silent) = (None, silent + 1),
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
