//! A locked TezSign key shows no marks and takes none: it is unlocked for a moment, and locked again, whatever happened in
//! between. Meanwhile the sign interface is held, so that nobody on this machine can ask for a signature (S1b).

use std::time::Duration;

use super::EffectError;
use super::unanswered::{WAITS, lock_until_over};
use crate::clock::Clock;
use crate::operator::Operator;
use crate::signer::traits::Hold;
use crate::signer::{Arm, Arming, DeviceState, HwmSetter, KeyName, Passphrase, SignerError, THROTTLE};

/// An unlock that timed out may still succeed a moment later: the lock is looked at again and again until it holds.
const LOCKS: usize = 5;
/// The pause between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// Does `work` with the sign interface held.
///
/// # Errors
/// Somebody else holds it, or nobody can; or the work failed.
pub(super) fn held<T>(
    device: &mut dyn HwmSetter,
    work: impl FnOnce(&mut dyn HwmSetter) -> Result<T, EffectError>,
) -> Result<T, EffectError> {
    if device.model().traits().hold == Hold::Impossible {
        let why = "nothing keeps others on this machine from asking it for a signature meanwhile".to_owned();
        return Err(SignerError::Unsupported { what: "unlocking it to read or raise marks", why }.into());
    }
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
    (clock, operator): (&dyn Clock, &mut dyn Operator),
    work: impl FnOnce(&mut dyn HwmSetter) -> Result<T, EffectError>,
) -> Result<T, EffectError> {
    let done = match device.arm(Arm::Unlock { keys, passphrase }) {
        Ok(()) => work(device),
        Err(error) => Err(error.into()),
    };
    let mut locked = lock_again(device, keys, clock);
    if device.unlock_may_end() {
        operator.tell(WAITS);
        let over = lock_until_over(device, clock);
        locked = match lock_again(device, keys, clock) {
            Ok(()) if device.unlock_may_end() => Err((over.err().map_or_else(String::new, |e| e.to_string()), false)),
            locked => locked,
        };
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
    (clock, operator): (&dyn Clock, &mut dyn Operator),
    work: impl Fn(&mut dyn HwmSetter) -> Result<T, EffectError>,
) -> Result<T, EffectError> {
    match unlocked(device, keys, passphrase, (clock, &mut *operator), &work) {
        Err(EffectError::Signer(SignerError::Throttled { .. })) => {
            clock.sleep(THROTTLE);
            unlocked(device, keys, passphrase, (clock, operator), &work)
        }
        done => done,
    }
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
