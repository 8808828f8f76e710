//! Before the primary is touched: the person, the right machines and keys, the backup fenced from itself, the
//! passphrase proved (S1, S1a, S1b).

use super::bound::bound;
use super::floor::floor;
use super::keys::signing_keys;
use super::policy::{Policy, TRIES};
use super::progress::Progress;
use super::ready::{SIGNER, ready};
use super::refusal::Refusal;
use super::step::Step;
use super::verdict::{Verdict, attempt};
use super::{gate, permit, preflight};
use crate::facts::{
    ArmedBy, Arming, BakerState, BootGuard, DeviceState, Facts, GuardState, Hold, Question, Setting, Unknown,
};

/// The next step of the preparation; `None` where all of it is done.
pub(super) fn prepare(facts: &Facts, policy: &Policy, progress: &Progress) -> Option<Verdict> {
    match next(facts, policy, progress) {
        Ok(None) => None,
        Ok(Some(verdict)) | Err(verdict) => Some(verdict),
    }
}

fn next(facts: &Facts, policy: &Policy, progress: &Progress) -> Result<Option<Verdict>, Verdict> {
    gate::hosts(facts, policy).map_err(Verdict::Refuse)?;
    let device = ready(&facts.backup.device, SIGNER, facts, progress)?;
    if let Some(verdict) = preflight::bakes_here(facts, device, progress) {
        return Err(verdict);
    }
    if let Ok(delegate) = &facts.chain.delegate {
        gate::keys(&delegate.value, device, policy).map_err(Verdict::Refuse)?;
        // In the middle of a run it is waited for, where something would be armed.
        if let Some(levels) = gate::key_change(&delegate.value).filter(|_| !progress.kept.proceed) {
            return Err(Verdict::Refuse(Refusal::KeyChange { levels }));
        }
    }
    if !progress.kept.proceed {
        permit::before(facts, policy).map_err(Verdict::Refuse)?;
        // H5: what cannot end well is refused before anything is done.
        let (bound, _) = bound(facts, policy, progress).map_err(Verdict::Refuse)?;
        floor(facts, policy, progress, bound, None).map_err(Verdict::Refuse)?;
        preflight::marks(&device.keys, facts, device, policy, progress).map_err(Verdict::Refuse)?;
        return Ok(Some(Verdict::Ask(Question::Proceed { name: policy.name.clone(), plan: None })));
    }
    if let Some(verdict) = permit::next(facts, policy, progress)? {
        return Ok(Some(verdict));
    }
    if let Some(step) = fence_self(facts, device, progress)? {
        return Ok(Some(attempt(progress, step)));
    }
    if progress.session.passphrase {
        preflight::marks(&progress.session.proved, facts, device, policy, progress).map_err(Verdict::Refuse)?;
    }
    let traits = device.traits();
    if traits.hold == Hold::Possible && !progress.session.holding {
        return Ok(Some(attempt(progress, Step::HoldSigner)));
    }
    // The proof unlocks: where others could ask for a signature meanwhile, it is left to the unlock after the fence (S1b).
    let provable = traits.armed_by == ArmedBy::Passphrase && traits.hold == Hold::Possible;
    if provable && !progress.session.passphrase {
        return Ok(Some(attempt(progress, Step::ProvePassphrase { keys: signing_keys(facts, device) })));
    }
    match traits.setting {
        Setting::LookedAt { .. } => Ok(ledger_setting(progress)),
        Setting::None => Ok(None),
    }
}

fn ledger_setting(progress: &Progress) -> Option<Verdict> {
    match progress.session.ledger_setting {
        None => Some(Verdict::Ask(Question::LedgerSetting)),
        Some(false) => Some(Verdict::Refuse(Refusal::LedgerSetting)),
        Some(true) => None,
    }
}

/// S1a: the guard first, so that nothing comes back by itself, then services, then what ties them to the guard, then
/// keys; each read back.
fn fence_self(facts: &Facts, device: &DeviceState, progress: &Progress) -> Result<Option<Step>, Verdict> {
    if *ready(&facts.backup.guard, "the guard", facts, progress)? == GuardState::Lifted {
        return Ok(Some(Step::GuardBackup));
    }
    if matches!(
        ready(&facts.backup.services, "what signs on this machine", facts, progress)?,
        BakerState::Running { .. }
    ) {
        return Ok(Some(Step::StopBackup));
    }
    if let Some(step) = tie(facts, progress)? {
        return Ok(Some(step));
    }
    // What this run armed itself stays armed; what was found armed does not.
    let found = device.keys.iter().any(|k| k.arming != Arming::Disarmed);
    if (found && !progress.session.armed) || !progress.session.fenced_self {
        return Ok(Some(Step::DisarmBackup));
    }
    Ok(None)
}

/// The boot guard of the backup's own services. Where it cannot be installed or read and the primary was not touched
/// yet, the backup is not ready.
fn tie(facts: &Facts, progress: &Progress) -> Result<Option<Step>, Verdict> {
    const WHAT: &str = "the boot guard of this machine";
    let untouched = !progress.kept.stop_sent && progress.kept.noted.is_none();
    let not_ready = |why: String| {
        let next = "see `failover guard status`, correct what it names, then run again".to_owned();
        Verdict::Refuse(Refusal::NotReady { what: WHAT.to_owned(), unknown: Unknown { why, next } })
    };
    let found = match ready(&facts.backup.boot_guard, WHAT, facts, progress) {
        Err(Verdict::Failed { why, .. }) if untouched => return Err(not_ready(why)),
        found => found?,
    };
    let Some(BootGuard::Open { why }) = found else { return Ok(None) };
    let step = Step::InstallBootGuard;
    let failed = progress.failed(step.kind()).filter(|(n, _)| *n >= TRIES);
    match (failed, progress.session.tried.get(&step.kind())) {
        (Some((_, error)), _) if untouched => Err(not_ready(error.clone())),
        (None, Some(n)) if untouched && *n >= TRIES => Err(not_ready(why.join("; "))),
        _ => Ok(Some(step)),
    }
}
