//! A locked key of a TezSign shows no marks and takes none: it is unlocked for a moment, and locked again, whatever happened in
//! between. Meanwhile the sign interface is held, so that nobody on this machine can ask for a signature (S1b).

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use thiserror::Error;

use super::disarm::{WAITS, lock_until_over};
use super::traits::Hold;
use super::{Arm, Arming, DeviceState, KeyName, Passphrase, SignerDevice, SignerError};
use crate::clock::{Clock, SystemClock};

/// An unlock that timed out may still succeed a moment later: the lock is looked at again and again until it holds.
const LOCKS: usize = 5;
/// The pause between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// Says something that a person should know while it waits.
pub(crate) type Tell<'a> = &'a mut dyn FnMut(&str);

/// Why work with unlocked keys did not succeed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum UnlockedError<E> {
    /// The device was not held or not unlocked, so the work was not begun.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// The work; the keys read back locked after it.
    #[error(transparent)]
    Work(E),
    /// Above all else: the keys may be able to sign.
    #[error("the keys were unlocked and do not read back as locked: {why}{}", before.as_ref().map(|e| format!("; before that: {e}")).unwrap_or_default())]
    NotLockedAgain {
        /// Why, the last time.
        why: String,
        /// What went wrong while they were unlocked.
        before: Option<Box<Self>>,
        /// The device is gone: it may still have power.
        gone: bool,
    },
}

impl<E> UnlockedError<E> {
    /// The next safe action; `None` where the work has to say it.
    #[must_use]
    pub const fn next(&self) -> Option<&'static str> {
        match self {
            Self::Signer(error) => Some(error.next()),
            Self::Work(_) => None,
            Self::NotLockedAgain { gone, .. } => Some(next_where_not_locked(*gone)),
        }
    }
}

/// What to do with a device whose keys may be able to sign.
pub(crate) const fn next_where_not_locked(gone: bool) -> &'static str {
    if gone {
        "cut the device from all power, so that it locks, before you plug it in anywhere; then run `failover hwm show`"
    } else {
        "unplug the device now: it may be able to sign"
    }
}

/// Does `work` with `keys` unlocked and the sign interface held: hold, unlock, work, lock, read back, let go. The last three also
/// where the unlock failed, where the work failed, and where it panicked, which goes on afterwards. Locked are all keys of
/// the device, also one that was found unlocked.
///
/// A process that is killed in between does nothing any more: whoever must not leave unlocked keys behind then has another
/// process that locks them, as the program `failover` has.
///
/// # Errors
/// See [`UnlockedError`]. It waits some seconds for keys that do not read back locked, and half a minute for an unlock
/// that was not answered.
///
/// # Panics
/// Where the work does. Where the keys do not read back locked after that, the panic's text says so.
pub fn with_unlocked<D: SignerDevice + ?Sized, T, E: std::error::Error + 'static>(
    device: &mut D,
    keys: &[KeyName],
    passphrase: &Passphrase,
    work: impl FnOnce(&mut D) -> Result<T, E>,
) -> Result<T, UnlockedError<E>> {
    held(device, |device| unlocked(device, keys, passphrase, (&SystemClock, &mut |_| {}), work))
}

/// Does `work` with the sign interface held. Whoever held it before goes on holding it.
pub(crate) fn held<D: SignerDevice + ?Sized, T, E: From<SignerError>>(
    device: &mut D,
    work: impl FnOnce(&mut D) -> Result<T, E>,
) -> Result<T, E> {
    if device.model().traits().hold == Hold::Impossible {
        let why = "nothing keeps others on this machine from asking it for a signature meanwhile".to_owned();
        return Err(SignerError::Unsupported { what: "unlocking it to read or raise marks", why }.into());
    }
    let held_before = device.holds();
    device.hold()?;
    let done = catch_unwind(AssertUnwindSafe(|| work(device)));
    if !held_before {
        device.release();
    }
    done.unwrap_or_else(|panic| resume_unwind(panic))
}

/// Does `work` with `keys` unlocked, and locks every key of the device afterwards. `tell`: what a person should know while it
/// waits.
pub(crate) fn unlocked<D: SignerDevice + ?Sized, T, E: std::error::Error + 'static>(
    device: &mut D,
    keys: &[KeyName],
    passphrase: &Passphrase,
    (clock, tell): (&dyn Clock, Tell<'_>),
    work: impl FnOnce(&mut D) -> Result<T, E>,
) -> Result<T, UnlockedError<E>> {
    let done = catch_unwind(AssertUnwindSafe(|| {
        device.arm(Arm::Unlock { keys, passphrase })?;
        work(device).map_err(UnlockedError::Work)
    }));
    let mut locked = lock_again(device, keys, clock);
    let mut told = Ok(());
    if device.unlock_may_end() {
        // Whoever is told may panic: it is locked all the same.
        told = catch_unwind(AssertUnwindSafe(|| tell(WAITS)));
        let over = lock_until_over(device, clock);
        locked = match lock_again(device, keys, clock) {
            Ok(()) if device.unlock_may_end() => Err((over.err().map_or_else(String::new, |e| e.to_string()), false)),
            locked => locked,
        };
    }
    match (told.and(done), locked) {
        (Ok(done), Ok(())) => done,
        (Ok(done), Err((why, gone))) => {
            Err(UnlockedError::NotLockedAgain { why, before: done.err().map(Box::new), gone })
        }
        (Err(panic), Ok(())) => resume_unwind(panic),
        (Err(panic), Err((why, _))) => {
            let said = words_of(&*panic);
            resume_unwind(Box::new(format!("{said}; and the keys were unlocked and do not read back as locked: {why}")))
        }
    }
}

/// The last reason, and whether the device is gone.
fn lock_again<D: SignerDevice + ?Sized>(
    device: &mut D,
    keys: &[KeyName],
    clock: &dyn Clock,
) -> Result<(), (String, bool)> {
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

/// Does `work`; what a panic in it says is an error. One without words is nobody's fault here: it stands for the end of a process, and
/// goes on.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| match panic.is::<String>() || panic.is::<&str>() {
        true => words_of(&*panic).to_owned(),
        false => resume_unwind(panic),
    })
}

/// What a panic said.
pub(crate) fn words_of(panic: &(dyn Any + Send)) -> &str {
    let said = panic.downcast_ref::<String>().map(String::as_str);
    said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words")
}
