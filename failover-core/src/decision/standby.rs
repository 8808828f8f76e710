//! Marks that are read or raised outside of a run: by a look at the backup, by a machine that becomes the backup, and to a
//! level that a person typed.

use super::floor::floor;
use super::keys::signing_keys;
use super::policy::{Policy, cap};
use super::progress::Progress;
use super::refusal::Refusal;
use super::step::{Approved, Step};
use super::vocabulary::WaitFor;
use super::{gate, policy, preflight};
use crate::facts::{Cap, DeviceState, Facts, KeyName, KeyState, RaiseError, Unknown, plan_raise, refuse_lower};
use crate::tezos::Level;

/// Above everything that is seen, with the usual margin: the other machine bakes, so this is no floor for a start. Every
/// run raises them again. Where RESET would lower a Ledger's other mark they are only read: the SETUP of that run sets this
/// chain's, and lowers neither.
///
/// # Errors
/// The chain is not known or not agreed on, or the device has not the keys that the chain expects.
pub fn standby_marks(facts: &Facts, policy: &Policy) -> Result<Approved<Step>, Refusal> {
    let progress = Progress::default();
    gate::chain(facts, policy, &progress).map_err(|closed| match closed {
        gate::Closed::Refuse(refusal) => refusal,
        gate::Closed::Wait(waiting) => Refusal::Unknown { what: "a fresh head".to_owned(), unknown: slow(waiting.why) },
    })?;
    let device = device(facts)?;
    if let Ok(delegate) = &facts.chain.delegate {
        gate::keys(&delegate.value, device, policy)?;
    }
    let agreed = facts.chain.agreed().ok_or(Refusal::NotSynced)?;
    let level = floor(facts, policy, &progress, agreed, None)?;
    let (keys, cap) = (signing_keys(facts, device), cap(policy, agreed));
    let locked = device.hidden(&keys);
    if matches!(plan_raise(device, &keys, level, cap), Err(RaiseError::BothMarks { .. })) {
        return Ok(Approved::new(Step::ReadMarks { keys, locked }));
    }
    Ok(Approved::new(Step::RaiseMarks { keys, locked, level, cap, typed: false }))
}

/// Every signing key of the backup is unlocked, read and locked again: what a locked TezSign hides.
///
/// # Errors
/// The device is not known, or has not the keys that the chain expects.
pub fn read_unlocked(facts: &Facts, policy: &Policy) -> Result<Approved<Step>, Refusal> {
    let device = device(facts)?;
    if let Ok(delegate) = &facts.chain.delegate {
        gate::keys(&delegate.value, device, policy)?;
    }
    let keys = signing_keys(facts, device);
    if keys.is_empty() {
        return Err(Refusal::NotSynced);
    }
    let locked = device.hidden(&keys);
    Ok(Approved::new(Step::ReadMarks { keys, locked }))
}

/// Whether a run could use keys that were seen so while they were unlocked (H29).
///
/// # Errors
/// One is damaged, or its marks are out of reach.
pub fn usable(facts: &Facts, policy: &Policy, keys: &[KeyState]) -> Result<(), Refusal> {
    preflight::marks(keys, facts, device(facts)?, policy, &Progress::default())
}

fn device(facts: &Facts) -> Result<&DeviceState, Refusal> {
    let not_ready =
        |unknown: &Unknown| Refusal::NotReady { what: "this machine's signer".to_owned(), unknown: unknown.clone() };
    Ok(&facts.backup.device.as_ref().map_err(not_ready)?.value)
}

fn slow(why: WaitFor) -> Unknown {
    let why = match why {
        WaitFor::Known { what } => what,
        _ => format!("the head is older than {} s", policy::FRESH.as_secs()),
    };
    Unknown { why, next: "wait for the next block, then run again".to_owned() }
}

/// The verdict of `hwm raise`: a level that a person typed, for these keys of the device, below the cap.
///
/// # Errors
/// No key, a key that is not on the device or whose marks are above the level, a Ledger whose other mark is, or the level is
/// past the cap (S4).
pub fn raise_by_hand(
    device: &DeviceState,
    keys: Vec<KeyName>,
    level: Level,
    cap: Cap,
) -> Result<Approved<Step>, RaiseError> {
    let Some(first) = keys.first() else { return Err(RaiseError::NoKeys) };
    let highest = cap.level();
    if level > highest {
        return Err(RaiseError::PastCap { key: first.clone(), level, cap: highest });
    }
    // A locked TezSign shows no marks: they are compared once it is unlocked.
    let shown: Vec<KeyName> =
        keys.iter().filter(|key| device.named(key).is_none_or(|k| k.marks.is_some())).cloned().collect();
    refuse_lower(device, &shown, level)?;
    if !shown.is_empty() {
        plan_raise(device, &shown, level, cap)?;
    }
    let locked = device.hidden(&keys);
    Ok(Approved::new(Step::RaiseMarks { keys, locked, level, cap, typed: true }))
}
