//! The proof of the passphrase: unlock, read, lock, read back (S1). What a locked TezSign hides shows only between (H29).

use super::{EffectError, Hands, disarm_keys};
use crate::signer::{Arm, Arming, DeviceState, KeyName, KeyState, Passphrase, SignerError};

/// A person may take minutes to type it, in which a lock can get lost.
pub(super) fn ask_passphrase(hands: &mut Hands) -> Result<Passphrase, EffectError> {
    let passphrase = hands.operator.passphrase()?;
    hands.still_locked()?;
    Ok(passphrase)
}

/// Unlocks and locks again, and reads back: the passphrase is right, and nothing stays unlocked (S1). An unlock that was not
/// answered may still end after that: the run locks again then, at its end at the latest. Gives the keys as
/// they were while they were unlocked; a damaged one is among them, and is no wrong passphrase.
pub(super) fn prove(hands: &mut Hands, keys: &[KeyName]) -> Result<Vec<KeyState>, EffectError> {
    let passphrase = match hands.passphrase.take() {
        Some(untried) => untried,
        None => ask_passphrase(hands)?,
    };
    hands.device.open();
    let unlocked = hands.device.arm(Arm::Unlock { keys, passphrase: &passphrase });
    let read = match &unlocked {
        Ok(()) => hands.device.state().and_then(|state| shown(&state, keys)),
        Err(SignerError::Damaged { key, .. }) => hands.device.state().and_then(|state| damaged(&state, key)),
        Err(error) => Err(error.clone()),
    };
    let locked = disarm_keys(&mut *hands.device);
    // Only a device that says so has found it wrong: with any other error it is as good as before.
    if !matches!(unlocked, Err(SignerError::WrongPassphrase { .. })) {
        hands.passphrase = Some(passphrase);
    }
    // Why nothing was read says more than that it could not be locked; whether it is locked is read again at the end.
    let read = read?;
    locked?;
    Ok(read)
}

/// These keys, each either unlocked with its marks or damaged: that the device said yes proves nothing (S5).
fn shown(state: &DeviceState, keys: &[KeyName]) -> Result<Vec<KeyState>, SignerError> {
    let known = || state.keys.iter().map(|key| key.name.clone()).collect();
    let read = keys.iter().map(|name| match state.named(name) {
        Some(key) if key.arming == Arming::Disarmed => Err(SignerError::KeyLocked { key: name.clone() }),
        Some(key) => Ok(key.clone()),
        None => Err(SignerError::UnknownKey { key: name.clone(), known: known() }),
    });
    read.collect()
}

/// A key whose state could not even be loaded reads plainly locked: that it is damaged is the unlock's word.
fn damaged(state: &DeviceState, name: &KeyName) -> Result<Vec<KeyState>, SignerError> {
    let known = || state.keys.iter().map(|key| key.name.clone()).collect();
    let key = state.named(name).ok_or_else(|| SignerError::UnknownKey { key: name.clone(), known: known() })?;
    Ok(vec![KeyState { arming: Arming::Corrupted, ..key.clone() }])
}
