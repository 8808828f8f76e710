//! Stop wins (S14): permits first, without any lock; disarm; then the effect lock, and disarm and read back once more. Only
//! the second reading is proof: an effect that was under way when the permits went is over by then, and a permit that a run
//! made in between is taken away with it.

use super::{Disarmed, EffectError, Hands, UNLOCK_LATE, disarm, disarm_keys, note};
use crate::baker::BakerError;
use crate::clock::Clock;
use crate::guard::BootGuard;
use crate::permit::{EffectLock, PermitError, Permits, Root, STOP_PATIENCE};

/// Whose permits are taken away.
#[derive(Debug, Clone, Copy)]
pub enum Whose<'a> {
    /// One baker's: where a configuration names it.
    Baker(&'a Permits),
    /// Every baker's on this machine.
    Everyone(&'a Root),
}

impl Whose<'_> {
    const fn root(&self) -> &Root {
        match self {
            Self::Baker(permits) => permits.root(),
            Self::Everyone(root) => root,
        }
    }

    /// Takes the permits away, at once and without any lock.
    ///
    /// # Errors
    /// One is still there.
    pub fn take_away(&self, by: &str) -> Result<usize, PermitError> {
        match self {
            Self::Baker(permits) => permits.take_away(by),
            Self::Everyone(root) => root.take_away_all(by),
        }
    }
}

/// Leaves this machine unable to sign, whatever run goes on here: permits, token, keys, services, boot guard; all read back
/// under the effect lock.
pub fn stand_down(hands: &mut Hands, whose: Whose<'_>, by: &str, clock: &dyn Clock) -> Disarmed {
    let (mut proven, mut what) = permits(whose, by);
    let under_way = whose.root().effect_under_way();
    let late = may_be_late(under_way.as_deref()) || left(whose, clock);
    let first = disarm(hands, clock);
    let last = match second(whose, under_way.as_deref()) {
        Err(why) => {
            proven = false;
            what.push(why);
            first
        }
        Ok(lock) => {
            proven &= again(whose, by, &mut what);
            let mut last = disarm(hands, clock);
            if late {
                let answered = last.proven;
                clock.sleep(UNLOCK_LATE);
                last = disarm(hands, clock);
                // A device that stood still may begin the unlock only now.
                if !answered && last.proven {
                    clock.sleep(UNLOCK_LATE);
                    last = disarm(hands, clock);
                }
            }
            drop(lock);
            last
        }
    };
    proven &= last.proven;
    what.extend(last.what);
    match boot_guard(hands, clock) {
        Ok(held) => what.push(held),
        Err(why) => {
            proven = false;
            what.push(why);
        }
    }
    Disarmed { proven, what }
}

/// The same of the device alone: permits, then its keys, read back under the effect lock.
pub fn stand_down_keys(hands: &mut Hands, whose: Whose<'_>, by: &str, clock: &dyn Clock) -> Disarmed {
    let (mut proven, mut what) = permits(whose, by);
    let under_way = whose.root().effect_under_way();
    let late = may_be_late(under_way.as_deref()) || left(whose, clock);
    let mut last = disarm_keys(&mut *hands.device);
    match second(whose, under_way.as_deref()) {
        Err(why) => {
            proven = false;
            what.push(why);
        }
        Ok(_lock) => {
            proven &= again(whose, by, &mut what);
            last = disarm_keys(&mut *hands.device);
            if late {
                let answered = last.is_ok();
                clock.sleep(UNLOCK_LATE);
                last = disarm_keys(&mut *hands.device);
                if !answered && last.is_ok() {
                    clock.sleep(UNLOCK_LATE);
                    last = disarm_keys(&mut *hands.device);
                }
            }
        }
    }
    match last {
        Ok(()) => what.push("keys read back locked or deauthorized".to_owned()),
        Err(error) => {
            proven = false;
            what.push(format!("keys not read back locked: {error}"));
        }
    }
    Disarmed { proven, what }
}

fn permits(whose: Whose<'_>, by: &str) -> (bool, Vec<String>) {
    match whose.take_away(by) {
        Ok(0) => (true, Vec::new()),
        Ok(taken) => (true, vec![format!("{taken} {} taken away", if taken == 1 { "permit" } else { "permits" })]),
        Err(error) => (false, vec![format!("a run may still have its permit: {error}")]),
    }
}

/// Under the effect lock once more: a run that began meanwhile had no permit yet when they were taken away.
fn again(whose: Whose<'_>, by: &str, what: &mut Vec<String>) -> bool {
    let (proven, taken) = permits(whose, by);
    what.extend(taken);
    proven
}

/// The effect lock; else why nothing is proven.
fn second(whose: Whose<'_>, under_way: Option<&str>) -> Result<Option<EffectLock>, String> {
    let prompts = |what: &str| {
        what.starts_with("authorize") || (what.starts_with("raise-marks") && whose.root().prompt().is_some())
    };
    if under_way.is_some_and(prompts) {
        return Err("a prompt is on the Ledger's screen: reject it there, or unplug the device; not proven".to_owned());
    }
    // No run was ever here, so no effect is under way, and nothing is created just to ask.
    if !whose.root().path().is_dir() {
        return Ok(None);
    }
    match whose.root().effect_lock("a stop", STOP_PATIENCE) {
        Ok(lock) => Ok(Some(lock)),
        Err(PermitError::Busy { holder, .. }) => Err(format!("not proven: {holder} is still at it")),
        Err(error) => Err(format!("not proven: {error}")),
    }
}

/// One that left no words may be anything.
fn may_be_late(under_way: Option<&str>) -> bool {
    const UNLOCKS: [&str; 4] = ["unlock", "prove-passphrase", "read-marks", "raise-marks"];
    let late = |what: &str| what == EffectLock::UNNAMED || UNLOCKS.iter().any(|unlocks| what.starts_with(unlocks));
    under_way.is_some_and(late)
}

/// Was a command killed in the middle of an unlock, so lately that it may still end?
fn left(whose: Whose<'_>, clock: &dyn Clock) -> bool {
    whose
        .root()
        .effect_left()
        .is_some_and(|(what, at)| may_be_late(Some(&what)) && clock.wall().since(at) < UNLOCK_LATE)
}

/// Installed and read back: neither a reboot nor a restart starts anything here.
fn boot_guard(hands: &mut Hands, clock: &dyn Clock) -> Result<String, String> {
    let note = note(hands, clock, None);
    let told = hands.backup.install_boot_guard(&note);
    match (hands.backup.boot_guard(), told) {
        (Ok(BootGuard::Holds { units, .. }), _) => Ok(format!("no reboot starts {}", units.join(", "))),
        // The start command asks `failover guard check`: the token is all there is.
        (Err(error @ BakerError::NoUnits { .. }), _) => Ok(error.to_string()),
        (Ok(BootGuard::Open { .. }), Err(error)) | (Err(error), _) => {
            Err(format!("the boot guard is not read back: {}", EffectError::from(error)))
        }
        (Ok(BootGuard::Open { why }), Ok(())) => Err(format!("the boot guard does not hold: {}", why.join("; "))),
    }
}
