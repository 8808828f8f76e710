//! Keys that are unlocked for a moment, as an effect has it: with a person to tell, and once more where those were too many.

use super::EffectError;
use crate::clock::Clock;
use crate::operator::Operator;
use crate::signer::{self, HwmSetter, KeyName, Passphrase, SignerError, THROTTLE, UnlockedError};

impl From<UnlockedError<Self>> for EffectError {
    fn from(error: UnlockedError<Self>) -> Self {
        match error {
            UnlockedError::Signer(error) => error.into(),
            UnlockedError::Work(error) => error,
            UnlockedError::NotLockedAgain { why, before, gone } => {
                Self::NotLockedAgain { why, before: before.map(|before| Box::new((*before).into())), gone }
            }
        }
    }
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
    let tell = &mut |text: &str| operator.tell(text);
    Ok(signer::unlocked(device, keys, passphrase, (clock, tell), |device| work(device))?)
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
