//! A Ledger's authorization, with its mark.

use super::EffectError;
use crate::decision::TooOld;
use crate::permit::{PromptOf, RunPermit};
use crate::signer::{
    Arming, Cap, DeviceReading, DeviceState, HwmSetter, KeyName, KeyState, RaiseError, Raised, SignerError, compare,
    reached,
};
use crate::tezos::{ChainId, Level};

/// SETUP, read back; `fresh` is asked right before it is sent. Its answer does not count: it can come late, and say
/// refused although the mark has changed.
pub(super) fn authorize(
    device: &mut dyn HwmSetter,
    key: &KeyName,
    (floor, cap): (Level, Cap),
    chain: ChainId,
    (fresh, permit): (impl FnOnce() -> Result<(), TooOld>, Option<&RunPermit>),
) -> Result<Vec<Raised>, EffectError> {
    let reading = DeviceReading::of(device)?;
    let before = reading.state();
    // Pressed after it was given up: what is there is not asked for again.
    let ours = before.info.ledger.is_none_or(|ledger| ledger.chain == chain);
    if let Some(KeyState { arming: Arming::Armed, marks: Some(marks), .. }) = before.named(key)
        && ours
        && reached(marks, floor)
    {
        return Ok(vec![compare(key, *marks, *marks, floor)?]);
    }
    let order = reading.order_to_authorize(key, floor, cap)?;
    fresh()?;
    let root = permit.map(|permit| permit.permits.root());
    if let (Some(root), Some(permit)) = (root, permit) {
        root.prompted(order.level(), PromptOf::Run(permit.run));
    }
    // Read right before, in this function: a device is not asked twice for it, and a Ledger's driver reads once more itself.
    let answer = order.arm(device, chain);
    let prompting = |error: &SignerError| matches!(error, SignerError::Prompting { .. });
    let read = device.state();
    if let Some(root) = root.filter(|_| read.is_ok() || !answer.as_ref().is_err_and(prompting)) {
        root.not_prompted();
    }
    let after = match (read, &answer) {
        (Ok(after), _) => after,
        // What stands on the screen says more than that it cannot be read meanwhile.
        (Err(_), Err(answer)) if prompting(answer) => return Err(answer.clone().into()),
        (Err(error), _) => return Err(error.into()),
    };
    let read = |state: &DeviceState| state.named(key).and_then(|k| k.marks);
    let armed = after.named(key).is_some_and(|k| k.arming == Arming::Armed);
    match (read(before), read(&after)) {
        (Some(before), Some(after)) if armed => Ok(vec![compare(key, before, after, floor)?]),
        _ => Err(match answer {
            Err(error) => EffectError::Signer(error.once_read("SETUP")),
            Ok(()) => EffectError::Raise(RaiseError::Unknown { key: key.clone() }),
        }),
    }
}
