//! Can every answer that the run will need be given? A script that lacks one ends before anything is touched.

use crate::decision::{Policy, Progress};
use crate::effect::Hands;
use crate::facts::{DeviceState, Facts, Question};
use crate::operator::OperatorError;
use crate::signer::traits::{ArmedBy, Reboot, Setting};
use crate::tezos::KeyHash;

/// Asks for nothing, and changes nothing.
///
/// # Errors
/// There is nobody to answer, and no flag says it: which one would.
pub(crate) fn answers(
    facts: &Facts,
    policy: &Policy,
    progress: &Progress,
    hands: &mut Hands,
) -> Result<(), OperatorError> {
    let name = policy.name.clone();
    let traits = facts.backup.device.as_ref().ok().map(|seen| seen.value.traits());
    let looked_at = traits.is_some_and(|traits| traits.setting != Setting::None);
    let needed = [
        (!progress.kept.proceed).then(|| Question::Proceed { name: name.clone(), plan: None }),
        (looked_at && progress.session.ledger_setting.is_none()).then_some(Question::LedgerSetting),
        (progress.word(facts.now).is_none() && !goes_without(facts, policy, hands))
            .then(|| Question::Disconnected { name: name.clone(), host: policy.stated_host() }),
    ];
    needed.into_iter().flatten().try_for_each(|question| hands.operator.can_answer(&question))?;
    if traits.is_some_and(|traits| traits.armed_by == ArmedBy::Passphrase)
        && !progress.session.passphrase
        && hands.passphrase.is_none()
    {
        hands.operator.can_give_passphrase()?;
    }
    Ok(())
}

/// Were a signer that stays disarmed, its program, its keys, the rights, the units and the secret on the primary all seen, so that keys that are
/// locked from here can stand for the cable?
fn goes_without(facts: &Facts, policy: &Policy, hands: &mut Hands) -> bool {
    let primary = &facts.primary;
    let all = |device: &DeviceState, keys: &[KeyHash]| keys.iter().all(|key| device.key(key).is_some());
    let (Ok(device), Ok(delegate)) = (&primary.signer, &facts.chain.delegate) else { return false };
    let keys: Vec<KeyHash> = delegate.value.keys.iter().map(|expected| expected.key).collect();
    let seen = device.value.traits().reboot == Reboot::StaysDisarmed
        && all(&device.value, &keys)
        && primary.services.is_ok()
        && primary.boot_guard.is_ok()
        && primary.secret.is_ok();
    let rights = |hands: &mut Hands| match &mut hands.primary {
        Some(primary) => primary.may_change().unwrap_or(false),
        None => false,
    };
    !policy.emergency && seen && rights(hands)
}
