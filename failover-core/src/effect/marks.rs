//! What needs a device alone: its marks read or raised outside of a run, and left as unable to sign as it was.

use super::permit::with_marks;
use super::unlocked::unlocked;
use super::{EffectError, Performed};
use crate::clock::Clock;
use crate::decision::{Approved, Step};
use crate::operator::Operator;
use crate::permit::RunPermit;
use crate::signer::{DeviceState, HwmSetter, KeyName, KeyState, Model, Raised, raise, refuse_lower};

/// Performs a step that needs a device and its person alone, as `hwm raise` has them: [`Step::RaiseMarks`] or
/// [`Step::ReadMarks`]. Where the machine's baker is known it lives by a permit meanwhile (S13): any stop ends it.
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
    match permit {
        None => perform(step, device, operator, clock),
        Some(permit) => with_marks(permit, clock, step.name(), || perform(step, device, operator, clock)),
    }
}

pub(super) fn perform(
    step: Step,
    device: &mut dyn HwmSetter,
    operator: &mut dyn Operator,
    clock: &dyn Clock,
) -> Result<Performed, EffectError> {
    let performed = match step {
        Step::ReadMarks { keys } => {
            let read = |device: &mut dyn HwmSetter| {
                let state = device.state()?;
                Ok(Performed { raised: as_read(&state, &keys), read: Some(state), ..Performed::default() })
            };
            match locked(&device.state()?, &keys) {
                hidden if hidden.is_empty() => read(device)?,
                hidden => unlocked(device, &hidden, operator, clock, read)?,
            }
        }
        Step::RaiseMarks { keys, level, cap, typed } => {
            let work = |device: &mut dyn HwmSetter| {
                if typed {
                    refuse_lower(&device.state()?, &keys, level)?;
                }
                Ok(Performed::from(raise(device, &keys, level, cap)?))
            };
            match locked(&device.state()?, &keys) {
                hidden if hidden.is_empty() => work(device)?,
                hidden => unlocked(device, &hidden, operator, clock, work)?,
            }
        }
        _ => return Err(EffectError::NotApproved),
    };
    Ok(performed)
}

/// Marks that were read and not changed, of those of these keys that are shown.
pub(super) fn as_read(state: &DeviceState, keys: &[KeyName]) -> Vec<Raised> {
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

/// Which of these keys are locked, so that a TezSign does not show their marks.
fn locked(state: &DeviceState, keys: &[KeyName]) -> Vec<KeyName> {
    let hidden = |key: &&KeyName| state.named(key).is_none_or(|found| found.marks.is_none());
    if state.info.model == Model::TezSign { keys.iter().filter(hidden).cloned().collect() } else { Vec::new() }
}
