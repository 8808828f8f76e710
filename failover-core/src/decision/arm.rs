//! From the primary's stop to the backup's start: the fence, the level, the floor, the start.

use std::time::Duration;

use super::bound::bound;
use super::fence::{Fence, fence};
use super::floor::{floor as floor_now, leads, suffices};
use super::foreign::consensus_marks;
use super::keys::signing_keys;
use super::ladder::StepKind;
use super::policy::{KEY_CHANGE_WAIT, Policy, SETTLED, SILENT_LIMIT, TRIES, cap, unproven_sentence};
use super::progress::{Noted, Progress};
use super::ready::{SIGNER, ready};
use super::refusal::Refusal;
use super::rumour::held;
use super::step::Step;
use super::unproven::{Offer, READING, offer, reading_left};
use super::verdict::{Verdict, attempt};
use super::vocabulary::{Basis, Path, Statement, WaitFor, Waiting};
use super::{gate, preflight};
use crate::facts::{
    ArmedBy, Arming, BakerState, DeviceState, Facts, Hold, KeyName, KeyState, Question, UnlockSecret, reached,
};
use crate::tezos::Level;

/// The next verdict once the backup is prepared.
pub(super) fn fence_and_arm(facts: &Facts, policy: &Policy, progress: &Progress) -> Verdict {
    let fence = fence(facts, policy, progress);
    if let Some(verdict) = stop_primary(facts, progress, &fence) {
        return verdict;
    }
    // Controlled: the level is noted as soon as the stop was read back. Else when the person has spoken.
    if fence.path == Path::Controlled && progress.kept.noted.is_none() {
        // h is a head that was asked for after the stop was read back: that was in an earlier look.
        let since = progress.session.stopped_since.is_some_and(|since| since < facts.now);
        let first = Verdict::Wait(Waiting { why: WaitFor::Stopped, left: None });
        return if since { note(facts, policy, progress) } else { first };
    }
    if let Some(step) = take_hold(facts, policy, progress, &fence) {
        return attempt(progress, step);
    }
    if let Some(verdict) = ask(facts, policy, progress, &fence) {
        return verdict;
    }
    let Some(noted) = progress.kept.noted else { return note(facts, policy, progress) };
    match arm(facts, policy, progress, &fence, noted) {
        Ok(verdict) | Err(verdict) => verdict,
    }
}

fn stop_primary(facts: &Facts, progress: &Progress, fence: &Fence) -> Option<Verdict> {
    let seen = facts.primary.services.as_ref().ok()?;
    if fence.path != Path::Controlled || !matches!(seen.value, BakerState::Running { .. }) {
        return None;
    }
    Some(attempt(progress, Step::StopPrimary))
}

/// What can be done to a stopped primary from here, once its marks were read: a locked key shows none. A failure leaves
/// a rung missing, or nonces to report at the end; it does not end the run.
fn take_hold(facts: &Facts, policy: &Policy, progress: &Progress, fence: &Fence) -> Option<Step> {
    if fence.path != Path::Controlled || progress.session.stopped_since.is_none() {
        return None;
    }
    let untried = |step: &Step| {
        let failed = progress.failed(step.kind()).is_some_and(|(n, _)| *n >= TRIES);
        !failed && progress.session.tried.get(&step.kind()).is_none_or(|tried| *tried < TRIES)
    };
    let in_place = matches!(&facts.primary.secret, Ok(seen) if matches!(seen.value, UnlockSecret::InPlace { .. }));
    let armed = |device: &DeviceState| device.keys.iter().any(|key| key.arming != Arming::Disarmed);
    let open = matches!(&facts.primary.boot_guard, Ok(seen) if !seen.value.holds());
    let steps = [
        open.then_some(Step::GuardPrimary),
        in_place.then_some(Step::StashSecret),
        facts.primary.signer.as_ref().is_ok_and(|seen| armed(&seen.value)).then_some(Step::DisarmPrimary),
        nonces_are_due(progress).then_some(Step::MergeNonces { chain: policy.chain }),
    ];
    steps.into_iter().flatten().find(untried)
}

/// H16: once in a session, and again where it failed. After a start the baker here has its own files.
fn nonces_are_due(progress: &Progress) -> bool {
    const KIND: StepKind = StepKind::MergeNonces;
    let never = progress.kept.started.is_none() && progress.kept.earlier.is_empty();
    never && (!progress.session.tried.contains_key(&KIND) || progress.failed(KIND).is_some())
}

fn note(facts: &Facts, policy: &Policy, progress: &Progress) -> Verdict {
    // Where nothing was proven, B is the one of the refusal, after which silence was counted.
    if let (Some(_), Some(refused)) = (progress.stated(Statement::Unproven, facts.now), progress.session.refused_before)
    {
        let Noted { head, bound } = refused.noted;
        return attempt(progress, Step::NoteLevel { head, bound, basis: Some(Basis::Refused) });
    }
    let Some(head) = facts.chain.agreed() else { return Verdict::Refuse(Refusal::NotSynced) };
    match bound(facts, policy, progress) {
        Ok((bound, basis)) => attempt(progress, Step::NoteLevel { head, bound, basis: Some(basis) }),
        Err(refusal) => Verdict::Refuse(refusal),
    }
}

fn ask(facts: &Facts, policy: &Policy, progress: &Progress, fence: &Fence) -> Option<Verdict> {
    if fence.said || fence.path == Path::Unproven {
        return None;
    }
    let (name, host) = (policy.name.clone(), policy.stated_host());
    if !progress.session.denied.contains(&Statement::Disconnected) {
        return Some(Verdict::Ask(Question::Disconnected { name, host }));
    }
    // The baker's machine alone is no fence where its signer runs on another one.
    if !policy.signer_apart && !progress.session.denied.contains(&Statement::PoweredOff) {
        return Some(Verdict::Ask(Question::PoweredOff { name, host }));
    }
    match offer(facts, progress) {
        _ if progress.session.denied.contains(&Statement::Unproven) => {}
        Offer::Made => {
            return Some(Verdict::Ask(Question::Unproven {
                sentence: unproven_sentence(&name),
                levels_an_hour: 3600 / facts.chain.block_seconds(),
            }));
        }
        Offer::Reading { left } => {
            let what = format!("{READING}: {left} levels are still to be read");
            return Some(Verdict::Wait(Waiting { why: WaitFor::Known { what }, left: Some(reading_left(left)) }));
        }
        Offer::Not => {}
    }
    // The refusal notes the level too: a later run counts silence from there.
    if progress.kept.noted.is_none() {
        return Some(note(facts, policy, progress));
    }
    Some(Verdict::Refuse(Refusal::NotFenced { rungs: fence.rungs.clone() }))
}

fn arm(facts: &Facts, policy: &Policy, progress: &Progress, fence: &Fence, noted: Noted) -> Result<Verdict, Verdict> {
    let device = ready(&facts.backup.device, SIGNER, facts, progress)?;
    if progress.session.armed {
        preflight::armed(facts, device, policy).map_err(Verdict::Refuse)?;
    }
    // What is held (S1b) is unlocked and raised inside the wait, where the primary was seen stopped. What cannot be held,
    // or waits for a press, has all of the fence first; and so has an uncontrolled primary, which may still sign.
    let may_wait = device.traits().armed_by == ArmedBy::Passphrase && device.traits().hold == Hold::Possible;
    let early = may_wait && fence.path == Path::Controlled && fence.but_time;
    if !early && !fence.approved {
        return Err(wait(facts, fence));
    }
    if let Some(verdict) = near_key_change(facts, progress) {
        return Err(verdict);
    }
    // Before the floor: what is held here for long is raised again.
    if let Some(waiting) = held(facts, progress).filter(|_| fence.approved) {
        return Err(Verdict::Wait(waiting));
    }
    let keys = with_former(signing_keys(facts, device), device, progress);
    let floor = match progress.session.floor {
        Some(floor) if leads(facts, floor) || !fence.approved => floor,
        before => {
            let late =
                pressed_late(device, &keys, progress).filter(|at| suffices(facts, policy, progress, noted.bound, *at));
            let again = before.is_some() || progress.session.given_up > 0;
            match late {
                Some(at) => at,
                None => floor_now(facts, policy, progress, noted.bound, again.then_some(device.traits().armed_by))
                    .map_err(Verdict::Refuse)?,
            }
        }
    };
    if let Some(step) = raise(facts, policy, progress, device, keys, floor)? {
        return Ok(attempt(progress, step));
    }
    if !fence.approved {
        return Err(wait(facts, fence));
    }
    let marks = consensus_marks(facts).ok_or(Verdict::Refuse(Refusal::NotSynced))?;
    Ok(attempt(progress, Step::Start { floor, marks, path: fence.path }))
}

/// A key that was authorized by a press which this run had given up: where its mark is. Nothing is asked twice for what is there.
fn pressed_late(device: &DeviceState, keys: &[KeyName], progress: &Progress) -> Option<Level> {
    let given_up = progress.failed(StepKind::Authorize).is_some();
    let pressed = device.traits().armed_by == ArmedBy::Press
        && progress.session.armed
        && given_up
        && progress.session.floor.is_none();
    let states: Vec<_> = keys.iter().filter_map(|name| device.named(name)).collect();
    if !pressed || states.is_empty() || states.iter().any(|key| key.arming != Arming::Armed) {
        return None;
    }
    states.iter().map(|key| key.marks.and_then(|marks| Some(marks.lowest().0?.level))).min().flatten()
}

/// The keys that are to be at the floor: every one that the chain expects, and whatever else this run has unlocked. A key
/// that was active until now may be asked once more for the last level of its cycle.
fn with_former(mut keys: Vec<KeyName>, device: &DeviceState, progress: &Progress) -> Vec<KeyName> {
    let open = |name: &&KeyName| device.named(name).is_some_and(|key| key.arming == Arming::Armed);
    for name in progress.kept.signers.iter().filter(open) {
        if !keys.contains(name) {
            keys.push(name.clone());
        }
    }
    keys
}

/// H8: a key that becomes active in the next levels would be armed with marks that were never looked at. The primary is
/// fenced by now, so that it is waited for and not refused; each wait has an end (S10).
fn near_key_change(facts: &Facts, progress: &Progress) -> Option<Verdict> {
    let levels = gate::key_change(&facts.chain.delegate.as_ref().ok()?.value)?;
    let block = facts.chain.block_seconds();
    let since = progress.session.key_change_since.map_or(Duration::ZERO, |since| facts.now.since(since));
    let longest = Duration::from_secs(block.saturating_mul(KEY_CHANGE_WAIT));
    if since >= longest {
        return Some(Verdict::Refuse(Refusal::KeyChange { levels }));
    }
    let left = Duration::from_secs(block.saturating_mul(levels)).min(longest.saturating_sub(since));
    Some(Verdict::Wait(Waiting { why: WaitFor::KeyChange { levels }, left: Some(left) }))
}

/// After a device was armed that others could ask for a signature, the next look must lead to the start, or to arming it
/// again; else it is disarmed (S1b, S15). A run that ends disarms anyway.
pub(super) fn must_be_disarmed(facts: &Facts, progress: &Progress, verdict: &Verdict) -> bool {
    let exposed = |device: &DeviceState| {
        device.traits().hold == Hold::Impossible && device.keys.iter().any(|key| key.arming == Arming::Armed)
    };
    let waits = matches!(verdict, Verdict::Wait(_) | Verdict::Ask(_));
    let rests = matches!(&facts.backup.services, Ok(seen) if matches!(seen.value, BakerState::Stopped { .. }));
    waits && rests && progress.session.armed && facts.backup.device.as_ref().is_ok_and(|seen| exposed(&seen.value))
}

/// What is missing until every key is armed and every mark reads back at the floor or above.
fn raise(
    facts: &Facts,
    policy: &Policy,
    progress: &Progress,
    device: &DeviceState,
    keys: Vec<KeyName>,
    floor: Level,
) -> Result<Option<Step>, Verdict> {
    let Some(agreed) = facts.chain.agreed() else { return Err(Verdict::Refuse(Refusal::NotSynced)) };
    let cap = cap(policy, agreed);
    let states: Vec<_> = keys.iter().filter_map(|name| device.named(name)).collect();
    let armed = !states.is_empty() && states.iter().all(|k| k.arming == Arming::Armed);
    let raised = states.iter().all(|k| k.marks.is_some_and(|m| reached(&m, floor)));
    // Pressed late: it is done by being read, so that the marks are on the disk before the start (S6).
    let armed_by = device.traits().armed_by;
    let unread = armed_by == ArmedBy::Press && progress.session.floor.is_none();
    Ok(match (armed_by, armed, raised) {
        (_, true, true) if !unread => None,
        (ArmedBy::Passphrase, false, _) => Some(Step::Unlock { keys }),
        (ArmedBy::Passphrase, true, _) => Some(Step::Raise { keys, floor, cap }),
        (ArmedBy::Press, ..) => {
            let key = next_to_press(&states, floor).or_else(|| keys.into_iter().next());
            let key = key.ok_or(Verdict::Refuse(Refusal::NotSynced))?;
            Some(Step::Authorize { key, floor, cap, chain: policy.chain })
        }
    })
}

/// A press authorizes one key: the first that cannot sign yet, or whose marks are below the floor.
fn next_to_press(states: &[&KeyState], floor: Level) -> Option<KeyName> {
    let ready = |key: &KeyState| key.arming == Arming::Armed && key.marks.is_some_and(|marks| reached(&marks, floor));
    states.iter().find(|key| !ready(key)).map(|key| key.name.clone())
}

fn wait(facts: &Facts, fence: &Fence) -> Verdict {
    let silence = fence.silence;
    if silence.levels >= SILENT_LIMIT && silence.silent < fence.silence_needed {
        return Verdict::Refuse(Refusal::SilenceProvesNothing { levels: silence.levels, with_rights: silence.silent });
    }
    let block = facts.chain.block_seconds();
    let missing = fence.silence_needed.saturating_sub(silence.silent);
    // The first level has to be settled; each further level takes one block.
    let silent_in = Duration::from_secs(block.saturating_mul(missing + SETTLED));
    if missing > 0 {
        let why = WaitFor::Silence { silent: silence.silent, needed: fence.silence_needed };
        return Verdict::Wait(Waiting { why, left: Some(silent_in.max(fence.wait_left)) });
    }
    match fence.path {
        Path::Uncontrolled | Path::Unproven => {
            Verdict::Wait(Waiting { why: WaitFor::Statement, left: Some(fence.wait_left) })
        }
        Path::Controlled => Verdict::Wait(Waiting { why: WaitFor::Stopped, left: None }),
    }
}
