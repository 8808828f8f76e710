//! A locked TezSign key shows no marks and takes none: it is unlocked for a moment, and locked again, whatever happened in
//! between. Meanwhile the sign interface is held, so that nobody on this machine can ask for a signature (S1b).

use std::time::Duration;

use super::EffectError;
use crate::clock::Clock;
use crate::operator::Operator;
use crate::signer::{Arm, Arming, DeviceState, HwmSetter, KeyName, SignerError};

/// How often the passphrase is asked for: the device takes five unlocks in 30 s.
const TRIES: usize = 3;
/// An unlock that timed out may still succeed a moment later: the lock is looked at again and again until it holds.
const LOCKS: usize = 5;
/// The pause between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// Does `work` with `keys` unlocked, and locks every key of the device afterwards.
///
/// # Errors
/// The sign interface is held by somebody else, the passphrase is wrong, the work failed; and, above all of these, the keys
/// could not be read back as locked.
pub(super) fn unlocked<T>(
    device: &mut dyn HwmSetter,
    keys: &[KeyName],
    operator: &mut dyn Operator,
    clock: &dyn Clock,
    work: impl FnOnce(&mut dyn HwmSetter) -> Result<T, EffectError>,
) -> Result<T, EffectError> {
    device.hold()?;
    let done = unlock(device, keys, operator).and_then(|()| work(device));
    let locked = lock_again(device, keys, clock);
    device.release();
    match (done, locked) {
        (done, Ok(())) => done,
        (done, Err((why, gone))) => Err(EffectError::NotLockedAgain { why, before: done.err().map(Box::new), gone }),
    }
}

fn unlock(device: &mut dyn HwmSetter, keys: &[KeyName], operator: &mut dyn Operator) -> Result<(), EffectError> {
    let mut wrong: Option<SignerError> = None;
    for _ in 0..TRIES {
        let passphrase = match (operator.passphrase(), wrong.take()) {
            (Ok(passphrase), _) => passphrase,
            // The given one was wrong, and there is nobody to ask: that it was wrong is what matters.
            (Err(_), Some(error)) => return Err(error.into()),
            (Err(error), None) => return Err(error.into()),
        };
        match device.arm(Arm::Unlock { keys, passphrase: &passphrase }) {
            Err(error @ SignerError::WrongPassphrase { .. }) => wrong = Some(error),
            done => return Ok(done?),
        }
    }
    wrong.map_or(Ok(()), |error| Err(error.into()))
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
