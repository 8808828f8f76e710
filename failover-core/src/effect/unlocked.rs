//! A locked TezSign key shows no marks and takes none: it is unlocked for a moment, and locked again, whatever happened in
//! between. Meanwhile the sign interface is held, so that nobody on this machine can ask for a signature (S1b).

use std::time::Duration;

use super::EffectError;
use crate::clock::Clock;
use crate::signer::{Arm, Arming, DeviceState, HwmSetter, KeyName, Passphrase, SignerError};

/// An unlock that timed out may still succeed a moment later: the lock is looked at again and again until it holds.
const LOCKS: usize = 5;
/// The pause between two looks.
const PAUSE: Duration = Duration::from_secs(1);
/// An unlock that was not answered is over by then.
pub(super) const LATE: Duration = Duration::from_secs(30);
/// The device counts unlocks of the last 30 s.
const THROTTLE: Duration = Duration::from_secs(30);

/// Does `work` with the sign interface held.
///
/// # Errors
/// Somebody else holds it, or the work failed.
pub(super) fn held<T>(
    device: &mut dyn HwmSetter,
    work: impl FnOnce(&mut dyn HwmSetter) -> Result<T, EffectError>,
) -> Result<T, EffectError> {
    device.hold()?;
    let done = work(device);
    device.release();
    done
}

/// Does `work` with `keys` unlocked, and locks every key of the device afterwards.
///
/// # Errors
/// The passphrase is wrong, the work failed; and, above all of these, the keys could not be read back as locked.
pub(super) fn unlocked<T>(
    device: &mut dyn HwmSetter,
    keys: &[KeyName],
    passphrase: &Passphrase,
    clock: &dyn Clock,
    work: impl FnOnce(&mut dyn HwmSetter) -> Result<T, EffectError>,
) -> Result<T, EffectError> {
    let told = device.arm(Arm::Unlock { keys, passphrase });
    let unanswered = told.as_ref().is_err_and(may_still_happen);
    let done = match told {
        Ok(()) => work(device),
        Err(error) => Err(error.into()),
    };
    let mut locked = lock_again(device, keys, clock);
    // One that is still under way on the device may open the keys after they read back as locked.
    if unanswered && locked.is_ok() {
        clock.sleep(LATE);
        locked = lock_again(device, keys, clock);
    }
    match (done, locked) {
        (done, Ok(())) => done,
        (done, Err((why, gone))) => Err(EffectError::NotLockedAgain { why, before: done.err().map(Box::new), gone }),
    }
}

/// The same once more, a moment after the first: where that were too many unlocks it waits until the device takes them.
pub(super) fn locked_again<T>(
    device: &mut dyn HwmSetter,
    keys: &[KeyName],
    passphrase: &Passphrase,
    clock: &dyn Clock,
    work: impl Fn(&mut dyn HwmSetter) -> Result<T, EffectError>,
) -> Result<T, EffectError> {
    match unlocked(device, keys, passphrase, clock, &work) {
        Err(EffectError::Signer(SignerError::Throttled { .. })) => {
            clock.sleep(THROTTLE);
            unlocked(device, keys, passphrase, clock, &work)
        }
        done => done,
    }
}

/// The device may be at it all the same.
const fn may_still_happen(error: &SignerError) -> bool {
    matches!(error, SignerError::Timeout { .. } | SignerError::Disconnected { .. } | SignerError::Malformed { .. })
}

/// The last reason, and whether the device is gone.
fn lock_again(device: &mut dyn HwmSetter, keys: &[KeyName], clock: &dyn Clock) -> Result<(), (String, bool)> {
    let mut last = (String::new(), false);
    for attempt in 0..LOCKS {
        if attempt > 0 {
            clock.sleep(PAUSE);
        }
        let told = device.disarm();
        last = match device.state() {
            Ok(state) if all_locked(&state, keys) => return Ok(()),
            Ok(_) => (told.err().map_or_else(|| "it still shows a key unlocked".to_owned(), |e| e.to_string()), false),
            Err(error) => (error.to_string(), matches!(error, SignerError::NotFound { .. })),
        };
    }
    Err(last)
}

/// None of the device's keys can sign, and those that were unlocked are known to be locked.
fn all_locked(state: &DeviceState, keys: &[KeyName]) -> bool {
    let locked = |key: &KeyName| state.named(key).is_some_and(|state| state.arming == Arming::Disarmed);
    state.keys.iter().all(|key| key.arming != Arming::Armed) && keys.iter().all(locked)
}
