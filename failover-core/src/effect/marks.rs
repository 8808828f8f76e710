//! What needs a device alone: its marks read or raised outside of a run, and left as unable to sign as it was.

use super::permit::{begin_marks, with_marks};
use super::unlocked::{locked_again, unlocked};
use super::{EffectError, Performed};
use crate::clock::Clock;
use crate::decision::{Approved, Step};
use crate::operator::Operator;
use crate::permit::{PromptOf, RunPermit};
use crate::signer::traits::RaisedBy;
use crate::signer::{
    DeviceState, HwmSetter, KeyName, KeyState, Passphrase, Raised, SignerError, compare, held, raise, raise_to_floor,
};
use crate::tezos::Level;

/// How often the passphrase is asked for: the device takes five unlocks in 30 s.
const TRIES: usize = 3;

/// Performs a step that needs a device and its person alone, as `hwm raise` has them: [`Step::RaiseMarks`] or
/// [`Step::ReadMarks`]. Where the machine's baker is known it lives by a permit meanwhile (S13): any stop ends it. A person
/// who types the passphrase keeps no stop waiting, and nobody from the device.
///
/// # Errors
/// See [`EffectError`]; [`EffectError::NotApproved`] for any other step.
pub fn raise_marks(
    step: Approved<Step>,
    device: &mut dyn HwmSetter,
    operator: &mut dyn Operator,
    clock: &dyn Clock,
    permit: Option<&RunPermit>,
) -> Result<Performed, EffectError> {
    let step = step.take();
    if let Some(permit) = permit {
        begin_marks(permit)?;
    }
    let mut act = |passphrase: Option<&Passphrase>, operator: &mut dyn Operator| {
        let mut act = |device: &mut dyn HwmSetter| {
            device.open();
            let done = perform(&step, device, passphrase, (clock, operator));
            device.close();
            done
        };
        let Some(permit) = permit else { return act(device) };
        let root = permit.permits.root();
        // Written before it is on the screen, so that a command that finds the device silent can say what stands there.
        let prompts = match (&step, device.model().traits().raised_by) {
            (Step::RaiseMarks { level, typed, .. }, RaisedBy::Prompt { .. }) => {
                Some((*level, if *typed { "hwm raise" } else { "standby" }))
            }
            _ => None,
        };
        if let Some((level, command)) = prompts {
            root.prompted(level, PromptOf::Command(command));
        }
        let done = with_marks(permit, clock, step.name(), device, act);
        // It stays, for a command that finds the device silent.
        if prompts.is_some() && !done.as_ref().is_err_and(EffectError::is_prompting) {
            root.not_prompted();
        }
        done
    };
    match &step {
        Step::ReadMarks { locked, .. } | Step::RaiseMarks { locked, .. } if locked.is_empty() => {
            return act(None, operator);
        }
        _ => {}
    }
    let mut wrong: Option<SignerError> = None;
    for _ in 0..TRIES {
        let passphrase = match (operator.passphrase(), wrong.take()) {
            (Ok(passphrase), _) => passphrase,
            // The given one was wrong, and there is nobody to ask: that it was wrong is what matters.
            (Err(_), Some(error)) => return Err(error.into()),
            (Err(error), None) => return Err(error.into()),
        };
        match act(Some(&passphrase), operator) {
            Err(EffectError::Signer(error @ SignerError::WrongPassphrase { .. })) => wrong = Some(error),
            done => return done,
        }
    }
    wrong.map_or(Err(EffectError::NoPassphrase), |error| Err(error.into()))
}

fn perform(
    step: &Step,
    device: &mut dyn HwmSetter,
    passphrase: Option<&Passphrase>,
    (clock, operator): (&dyn Clock, &mut dyn Operator),
) -> Result<Performed, EffectError> {
    match step {
        Step::ReadMarks { keys, locked } => {
            let read = |device: &mut dyn HwmSetter| {
                let state = device.state()?;
                Ok(Performed { raised: as_read(&state, keys), read: Some(state), ..Performed::default() })
            };
            match passphrase {
                None => read(device),
                Some(passphrase) => {
                    held(device, |device| unlocked(device, locked, passphrase, (clock, operator), read))
                }
            }
        }
        Step::RaiseMarks { keys, locked, level, cap, typed } => {
            // A level that a person typed lowers nothing, and says so; one that was found is a floor.
            let work = |device: &mut dyn HwmSetter| match typed {
                true => Ok(raise(device, keys, *level, *cap)?),
                false => Ok(raise_to_floor(device, keys, *level, *cap)?),
            };
            let Some(passphrase) = passphrase else { return work(device).map(Performed::from) };
            held(device, |device| {
                let raised = unlocked(device, locked, passphrase, (clock, &mut *operator), work)?;
                stored(device, locked, passphrase, (clock, operator), (&raised, *level))?;
                Ok(raised.into())
            })
        }
        _ => Err(EffectError::NotApproved),
    }
}

/// What a key shows while it stays unlocked may be what the device remembers, and not what it has stored: only after another
/// lock and unlock it reads its state file again (TezSign 2026-04-30).
fn stored(
    device: &mut dyn HwmSetter,
    locked: &[KeyName],
    passphrase: &Passphrase,
    waits: (&dyn Clock, &mut dyn Operator),
    (raised, level): (&[Raised], Level),
) -> Result<(), EffectError> {
    let read = |device: &mut dyn HwmSetter| Ok(device.state()?);
    let state = locked_again(device, locked, passphrase, waits, read)?;
    for Raised { key, after, .. } in raised.iter().filter(|raised| locked.contains(&raised.key)) {
        let Some(now) = state.named(key).and_then(|key| key.marks) else {
            return Err(SignerError::KeyLocked { key: key.clone() }.into());
        };
        compare(key, *after, now, level)?;
    }
    Ok(())
}

/// Marks that were read and not changed, of those of these keys that are shown.
fn as_read(state: &DeviceState, keys: &[KeyName]) -> Vec<Raised> {
    let read = |key: &KeyName| {
        let marks = state.named(key)?.marks?;
        Some(Raised { key: key.clone(), before: marks, after: marks })
    };
    keys.iter().filter_map(read).collect()
}

/// The marks of these keys, read and not changed.
pub(super) fn shown(keys: &[KeyState]) -> Vec<Raised> {
    let read = |key: &KeyState| Some(Raised { key: key.name.clone(), before: key.marks?, after: key.marks? });
    keys.iter().filter_map(read).collect()
}
