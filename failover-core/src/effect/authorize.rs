//! A Ledger's authorization, with its mark.

use super::EffectError;
use crate::decision::TooOld;
use crate::signer::{Arm, Arming, DeviceState, HwmSetter, KeyName, RaiseError, Raised, compare, plan_authorize};
use crate::tezos::{ChainId, Level};

/// SETUP, read back; `fresh` is asked right before it is sent. What its answer says does not count: it can say refused although the mark has changed, and late.
pub(super) fn authorize(
    device: &mut dyn HwmSetter,
    key: &KeyName,
    (floor, cap): (Level, Level),
    chain: ChainId,
    fresh: impl FnOnce() -> Result<(), TooOld>,
) -> Result<Vec<Raised>, EffectError> {
    let before = device.state()?;
    let order = plan_authorize(&before, key, floor, cap)?;
    fresh()?;
    let answer = device.arm(Arm::Authorize { order: &order, chain });
    let after = device.state()?;
    let read = |state: &DeviceState| state.named(key).and_then(|k| k.marks);
    let armed = after.named(key).is_some_and(|k| k.arming == Arming::Armed);
    match (read(&before), read(&after)) {
        (Some(before), Some(after)) if armed => Ok(vec![compare(key, before, after, floor)?]),
        _ => {
            Err(answer.err().map_or(EffectError::Raise(RaiseError::Unknown { key: key.clone() }), EffectError::Signer))
        }
    }
}
