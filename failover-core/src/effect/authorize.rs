//! SETUP: a Ledger's key is authorized with its mark in one press.

use super::EffectError;
use crate::signer::{Arm, Arming, DeviceState, HwmSetter, KeyName, RaiseError, Raised, compare, plan_authorize};
use crate::tezos::{ChainId, Level};

/// SETUP, read back. What its answer says does not count: it can say refused although the mark has changed, and late.
pub(super) fn authorize(
    device: &mut dyn HwmSetter,
    key: &KeyName,
    floor: Level,
    cap: Level,
    chain: ChainId,
) -> Result<Vec<Raised>, EffectError> {
    let before = device.state()?;
    let order = plan_authorize(&before, key, floor, cap)?;
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
