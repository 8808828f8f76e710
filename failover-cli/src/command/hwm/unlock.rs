//! A locked TezSign key shows no marks and takes none: it is unlocked for a raise, and locked again after it,
//! whatever happened between. Meanwhile the sign interface is held, so that nobody on this machine can ask for a
//! signature (S1b).

use std::time::Duration;

use failover_core::clock::{Clock, SystemClock};
use failover_core::operator::Operator;
use failover_core::signer::{Arm, Arming, DeviceState, HwmSetter, KeyName, SignerError};

use crate::exit::Exit;
use crate::failure::Failure;

/// How often the passphrase is asked for: the device takes five unlocks in 30 s.
const TRIES: usize = 3;
/// An unlock that timed out may still succeed a moment later: the lock is looked at again and again until it holds.
const LOCKS: usize = 5;
/// The pause between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// Runs `work` with `keys` unlocked, and locks every key of the device afterwards.
///
/// # Errors
/// The sign interface is held by somebody else, the passphrase is wrong, the work failed; and, above all of these,
/// the keys could not be read back as locked.
pub(super) fn unlocked<T>(
    device: &mut dyn HwmSetter,
    keys: &[KeyName],
    operator: &mut dyn Operator,
    work: impl FnOnce(&mut dyn HwmSetter) -> Result<T, Failure>,
) -> Result<T, Failure> {
    device.hold()?;
    let done = unlock(device, keys, operator).and_then(|()| work(device));
    let locked = lock_again(device, keys);
    device.release();
    match (done, locked) {
        (done, Ok(())) => done,
        (Ok(_), Err(lock)) => Err(lock),
        (Err(work), Err(lock)) => Err(Failure { message: format!("{lock}; before that: {work}"), ..lock }),
    }
}

fn unlock(device: &mut dyn HwmSetter, keys: &[KeyName], operator: &mut dyn Operator) -> Result<(), Failure> {
    let mut wrong: Option<SignerError> = None;
    for _ in 0..TRIES {
        let passphrase = match (operator.passphrase(), &wrong) {
            (Ok(passphrase), _) => passphrase,
            // The given one was wrong, and there is nobody to ask: that it was wrong is what matters.
            (Err(_), Some(error)) => return Err(error.clone().into()),
            (Err(error), None) => return Err(error.into()),
        };
        match device.arm(Arm::Unlock { keys, passphrase: &passphrase }) {
            Err(error @ SignerError::WrongPassphrase { .. }) => wrong = Some(error),
            done => return Ok(done?),
        }
    }
    wrong.map_or(Ok(()), |error| Err(error.into()))
}

fn lock_again(device: &mut dyn HwmSetter, keys: &[KeyName]) -> Result<(), Failure> {
    let (mut last, mut gone) = (String::new(), false);
    for attempt in 0..LOCKS {
        if attempt > 0 {
            SystemClock.sleep(PAUSE);
        }
        let told = device.disarm();
        match device.state() {
            Ok(state) if all_locked(&state, keys) => return Ok(()),
            Ok(_) => last = told.err().map_or_else(|| "it still shows a key unlocked".to_owned(), |e| e.to_string()),
            Err(error) => {
                gone = matches!(error, SignerError::NotFound { .. });
                last = error.to_string();
            }
        }
    }
    let message = format!("the keys were unlocked and do not read back as locked: {last}");
    // Without its cable it may still have power.
    let next = if gone {
        "cut every power of the device, so that it locks, before it is plugged in anywhere; then run `failover hwm show`"
    } else {
        "unplug the device now: it may be able to sign"
    };
    Err(Failure::new(Exit::Failed, message, next))
}

fn all_locked(state: &DeviceState, keys: &[KeyName]) -> bool {
    keys.iter().all(|key| state.named(key).is_some_and(|state| state.arming == Arming::Disarmed))
}
