//! The gates: what must be known and right before anything else is decided.

use super::heads::{self, Unconfirmed, known};
use super::policy::{FRESH, HALT, KEY_CHANGE, PROTOCOL_CHANGE, Policy, REORGANISING};
use super::progress::Progress;
use super::refusal::{Alias, Refusal};
use super::vocabulary::{WaitFor, Waiting};
use super::{power, resume};
use crate::facts::{BootGuard, Delegate, DeviceState, ExpectedKey, Facts, Head, KeyState, PlanId, SyncState};

/// What a gate says when it does not open.
pub(super) enum Closed {
    Refuse(Refusal),
    Wait(Waiting),
}

impl From<Refusal> for Closed {
    fn from(refusal: Refusal) -> Self {
        Self::Refuse(refusal)
    }
}

/// The chain is as it must be, and nothing contradicts what the primary shows of itself (H38). Once the backup bakes the
/// primary is not asked any more.
pub(super) fn open(facts: &Facts, policy: &Policy, progress: &Progress) -> Result<(), Closed> {
    chain(facts, policy, progress)?;
    if !resume::is_running(facts, progress) {
        power::contradicted(facts, policy, progress)?;
    }
    Ok(())
}

/// The chain is the right one, known, and agreed on (H1, H2, H13, H21, H26).
pub(super) fn chain(facts: &Facts, policy: &Policy, progress: &Progress) -> Result<(), Closed> {
    let judging = policy.judging();
    // Block timestamps are the one thing that is held against the wall clock.
    let wall = facts.wall_at_head();
    let head = heads::right(&facts.chain, wall, &judging)?;
    let confirmed = heads::confirmed(&facts.chain, head, wall, &judging);
    let age = wall.since(head.timestamp);
    if age > FRESH {
        // Old, but the same block at independent sources: a slow chain. Else the node is behind.
        if confirmed.is_err() {
            return Err(Refusal::Stale { level: head.level, age }.into());
        }
        if let Some(age) = progress.age_when_it_came(head).filter(|age| *age > FRESH) {
            return Err(Refusal::Late { level: head.level, age }.into());
        }
        let since = progress.session.head.map_or(age, |(_, at)| facts.now.since(at));
        if since >= HALT {
            return Err(Refusal::Halted { level: head.level, since }.into());
        }
        return Err(Closed::Wait(Waiting {
            why: WaitFor::Chain { level: head.level },
            left: Some(HALT.saturating_sub(since)),
        }));
    }
    match confirmed {
        Ok(_) => {}
        // The newest blocks are being replaced: no opinion, look again.
        Err(Unconfirmed::Reorganising(refusal)) if progress.closed_for(facts.now) < REORGANISING => {
            let left = Some(REORGANISING.saturating_sub(progress.closed_for(facts.now)));
            return Err(Closed::Wait(Waiting { why: WaitFor::Known { what: refusal.to_string() }, left }));
        }
        Err(unconfirmed) => return Err(Refusal::from(unconfirmed).into()),
    }
    if *known(&facts.chain.sync, "the node's sync state")? == SyncState::Unsynced {
        return Err(Refusal::NotSynced.into());
    }
    known(&facts.chain.constants, "the chain's constants")?;
    let delegate = known(&facts.chain.delegate, "the baker's keys")?;
    protocol(delegate, head)?;
    // After the start it is an alarm, or the end of the verification.
    if !resume::is_running(facts, progress) {
        standing(delegate, policy)?;
    }
    known(&facts.chain.activity, "what the baker signed lately")?;
    Ok(())
}

/// Within ten levels of a protocol change, before it and after it, nothing is read with certainty (S3). A change by a
/// vote is known before; one that a release of the node makes, with its last block.
fn protocol(delegate: &Delegate, head: &Head) -> Result<(), Refusal> {
    if delegate.next_protocol != head.protocol || delegate.levels_to_protocol.is_some_and(|n| n <= PROTOCOL_CHANGE) {
        return Err(Refusal::ProtocolChange { passed: false });
    }
    if delegate.earlier_protocol != head.protocol {
        return Err(Refusal::ProtocolChange { passed: true });
    }
    Ok(())
}

/// The baker may bake, and nobody has proved that it signed twice (H7).
fn standing(delegate: &Delegate, policy: &Policy) -> Result<(), Refusal> {
    if let Some(denunciation) = delegate.denunciations.first() {
        return Err(Refusal::Denounced { baker: policy.baker, denunciation: denunciation.clone() });
    }
    if delegate.forbidden || delegate.deactivated {
        return Err(Refusal::Standing { baker: policy.baker, forbidden: delegate.forbidden });
    }
    Ok(())
}

/// The device has every key that the chain expects of this baker, and its names stand for them (H7, H8).
pub(super) fn keys(delegate: &Delegate, device: &DeviceState, policy: &Policy) -> Result<(), Refusal> {
    let alias = |key: &KeyState| Alias { name: key.name.clone(), key: Some(key.key) };
    for expected in &delegate.keys {
        if device.key(&expected.key).is_none() {
            return Err(Refusal::MissingKey {
                key: expected.key,
                role: expected.role,
                from_cycle: expected.from_cycle,
                alias: in_its_place(expected, delegate, device, policy),
                found: device.keys.iter().map(|k| alias(k).to_string()).collect(),
            });
        }
    }
    for name in &policy.keys {
        let found = device.named(name);
        if found.is_none_or(|found| !delegate.keys.iter().any(|expected| expected.key == found.key)) {
            return Err(Refusal::WrongAlias {
                alias: Alias { name: name.clone(), key: found.map(|found| found.key) },
                expected: delegate.keys.clone(),
                found: device.keys.iter().map(|k| alias(k).to_string()).collect(),
            });
        }
    }
    Ok(())
}

/// How many levels are left to a key change that is near (H8).
pub(super) fn key_change(delegate: &Delegate) -> Option<u64> {
    let next = delegate.keys.iter().filter_map(|k| k.from_cycle).any(|cycle| cycle <= delegate.cycle + 1);
    Some(delegate.levels_to_next_cycle).filter(|levels| next && *levels <= KEY_CHANGE)
}

/// The key on the device that somebody took for the expected one: configured or named after its role, and no key that
/// the chain knows of.
fn in_its_place(expected: &ExpectedKey, delegate: &Delegate, device: &DeviceState, policy: &Policy) -> Option<Alias> {
    let strange = |key: &&KeyState| !delegate.keys.iter().any(|known| known.key == key.key);
    let named = |key: &&KeyState| key.name.as_str().eq_ignore_ascii_case(expected.role.name());
    let keys = || device.keys.iter().filter(strange);
    let found = keys().find(named).or_else(|| keys().find(|key| policy.keys.contains(&key.name)))?;
    Some(Alias { name: found.name.clone(), key: Some(found.key) })
}

/// Was this plan made by a machine with this one's machine-id, and not by this one (H33)?
fn is_a_copys(plan: Option<PlanId>, policy: &Policy) -> bool {
    plan.zip(policy.plans.as_ref()).is_some_and(|(plan, own)| !own.contains(&plan))
}

/// The primary is the pinned machine, and not the backup itself (H19).
pub(super) fn hosts(facts: &Facts, policy: &Policy) -> Result<(), Refusal> {
    if policy.emergency {
        return Ok(());
    }
    if let Some(why) = &facts.primary.impostor {
        return Err(Refusal::WrongHost { why: why.clone() });
    }
    let Ok(primary) = &facts.primary.identity else { return Ok(()) };
    let backup = facts.backup.identity.as_ref().map_err(|unknown| Refusal::NotReady {
        what: "this machine's identity".to_owned(),
        unknown: unknown.clone(),
    })?;
    // S7: the guard's record on the primary is the lock between machines. One that was installed on the primary itself
    // is not.
    if let Ok(guard) = &facts.primary.boot_guard
        && let BootGuard::Holds { note, .. } = &guard.value
        && note.machine != primary.value.machine_id
        && (note.machine != backup.value.machine_id || is_a_copys(note.plan, policy))
    {
        return Err(Refusal::FencedElsewhere { note: note.clone() });
    }
    let Some(pin) = &policy.primary_pin else { return Err(Refusal::Unpinned { host: primary.source.clone() }) };
    if *pin != primary.value {
        let why = format!(
            "{} has the machine-id {}, not {} as it was checked",
            primary.source, primary.value.machine_id, pin.machine_id
        );
        return Err(Refusal::WrongHost { why });
    }
    // Two machines made from one image have one machine-id (H33): that it is this machine itself, its permits say.
    if backup.value == primary.value && facts.primary.standing.is_err() {
        let why = format!("{} is this machine itself: primary and backup must be two", primary.source);
        return Err(Refusal::WrongHost { why });
    }
    Ok(())
}
