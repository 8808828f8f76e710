//! Makes a machine the backup: after a failover, the repaired primary.
//!
//! Everything here is in the safe direction and needs no approval (S12): the token is taken away, services are stopped
//! and tied to it, keys locked or deauthorized, the auto-unlock secret put away. Only the marks ask for more: a level
//! that the chain agrees on ([`crate::decision::standby_marks`]), and for a locked TezSign its passphrase. Every part
//! is tried whatever came of the others, and read back (S5).

use crate::baker::{BakerError, UnitName, UnlockSecret};
use crate::clock::Clock;
use crate::decision::{Approved, Step};
use crate::effect::{self, Disarmed, Hands};
use crate::guard::{BootGuard, GuardNote};
use crate::signer::traits::ArmedBy;
use crate::signer::{DeviceState, Raised, SignerDevice as _, SignerError};
use crate::state::{PlanId, StateDir, StateError};

/// Why marks are left as they are.
const LEFT: &str = "RESET would lower the other one, and the SETUP of a run sets this chain's and lowers neither";

/// One part of it, as it was read back.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Part {
    /// disarmed, pays, boot-guard, secret, marks.
    pub what: String,
    /// Is it so?
    pub done: bool,
    /// What was read back, or what is missing.
    pub says: String,
    /// The next safe action, where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl Part {
    fn done(what: &str, says: impl Into<String>) -> Self {
        Self { what: what.to_owned(), done: true, says: says.into(), next: None }
    }

    /// A part that is missing.
    #[must_use]
    pub fn missing(what: &str, says: impl Into<String>, next: impl Into<String>) -> Self {
        Self { what: what.to_owned(), done: false, says: says.into(), next: Some(next.into()) }
    }
}

/// Leaves this machine unable to sign and to start: token, services, keys, units, secret.
pub fn fence(hands: &mut Hands, clock: &dyn Clock) -> Vec<Part> {
    let Disarmed { proven, what } = effect::disarm(hands, clock);
    let says = what.join("; ");
    let disarmed = match proven {
        true => Part::done("disarmed", says),
        // A signer that is not there cannot be unplugged; but when it comes back, nothing must start by itself.
        false if matches!(hands.device.state(), Err(SignerError::NotFound { .. })) => {
            let next = "once the boot guard holds, plug this machine's signer in and run `failover standby` again";
            Part::missing("disarmed", says, next)
        }
        false => Part::missing("disarmed", says, "unplug this machine's signer, then run `failover standby` again"),
    };
    let note = effect::note(hands, clock, None);
    let pays = pays(hands);
    [Some(disarmed), pays, Some(boot_guard(hands, &note)), Some(secret(hands))].into_iter().flatten().collect()
}

/// What pays here: the machine that bakes may do it now.
fn pays(hands: &mut Hands) -> Option<Part> {
    const WHAT: &str = "pays";
    let payouts = hands.backup.payouts()?;
    let names = listed(&payouts.pays());
    if names.is_empty() {
        return None;
    }
    let told = payouts.stop_pays();
    let again = format!("once {names} has stopped, run `failover standby` again");
    Some(match payouts.paying() {
        Err(error) => Part::missing(WHAT, error.to_string(), again),
        Ok(running) if !running.is_empty() => {
            Part::missing(WHAT, format!("{} is still at it", listed(&running)), again)
        }
        Ok(_) => match told {
            Ok(()) => Part::done(WHAT, format!("{names} stopped, and not started at boot; pay from one machine only")),
            Err(error) => {
                let next = format!("`systemctl disable {names}` here, then run `failover standby` again");
                Part::missing(WHAT, format!("{names} does not run, and may start at boot: {error}"), next)
            }
        },
    })
}

fn listed(units: &[UnitName]) -> String {
    units.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn boot_guard(hands: &mut Hands, note: &GuardNote) -> Part {
    const WHAT: &str = "boot-guard";
    let told = hands.backup.install_boot_guard(note);
    match (hands.backup.boot_guard(), told) {
        (Ok(BootGuard::Holds { units, .. }), _) => Part::done(WHAT, format!("nothing starts {}", units.join(", "))),
        // The start command asks `failover guard check`: the token is all there is.
        (Err(error @ BakerError::NoUnits { .. }), _) => Part::done(WHAT, format!("{error}: {}", error.next())),
        (Ok(BootGuard::Open { .. }), Err(error)) | (Err(error), _) => {
            Part::missing(WHAT, error.to_string(), error.next())
        }
        (Ok(BootGuard::Open { why }), Ok(())) => {
            Part::missing(WHAT, why.join("; "), "correct what is named, then run `failover guard install`")
        }
    }
}

fn secret(hands: &mut Hands) -> Part {
    const WHAT: &str = "secret";
    if hands.device.model().traits().armed_by == ArmedBy::Press {
        return Part::done(WHAT, format!("a {} has none", hands.device.model()));
    }
    let told = hands.backup.stash_unlock_secret();
    match (hands.backup.unlock_secret(), told) {
        (Ok(UnlockSecret::None), _) => Part::done(WHAT, "nothing here unlocks the keys by itself"),
        (Ok(UnlockSecret::Aside { files }), _) => {
            Part::done(WHAT, format!("put away, and put back by the start of a run: {}", files.join(", ")))
        }
        (Ok(UnlockSecret::InPlace { files }), told) => {
            let why = told.err().map_or_else(|| "it is still there".to_owned(), |error| error.to_string());
            let next = "move these files away by hand, then run `failover standby` again";
            Part::missing(WHAT, format!("{}: {why}", files.join(", ")), next)
        }
        // Only TezBake's own places are known; the guard keeps every service from starting all the same.
        (Err(error @ BakerError::NoSecretPlace { .. }), _) => {
            Part::done(WHAT, format!("{error}; the boot guard holds"))
        }
        (Err(error), _) => Part::missing(WHAT, error.to_string(), error.next()),
    }
}

/// Raises marks as the decision approved it, none past the cap (S4), and leaves the device unable to sign. The marks, read
/// back, are what [`completed`] writes down.
pub fn marks(hands: &mut Hands, step: Approved<Step>, clock: &dyn Clock, plan: PlanId) -> (Part, Vec<Raised>) {
    const WHAT: &str = "marks";
    let level = match step.get() {
        Step::RaiseMarks { level, .. } => Some(*level),
        _ => None,
    };
    let raised = effect::perform(step, hands, clock, plan);
    // It answers nothing until it is pressed, and RESET authorizes no key: this was read back before.
    if let Err(error) = &raised
        && error.is_prompting()
    {
        let next = "reject the prompt on the Ledger's screen, then run `failover standby` again";
        return (Part::missing(WHAT, error.to_string(), next), Vec::new());
    }
    // Whatever came of it, nothing stays armed.
    let disarmed = effect::disarm_keys(&mut *hands.device);
    hands.device.release();
    match (raised, disarmed) {
        (Ok(effect::Performed { raised, read: Some(DeviceState { info, .. }), .. }), Ok(())) if level.is_none() => {
            let is = info.ledger.map(|ledger| format!(", it is {ledger}")).unwrap_or_default();
            (Part::done(WHAT, format!("left as they are{is}; {LEFT}")), raised)
        }
        (Ok(effect::Performed { raised, .. }), Ok(())) => {
            let keys: Vec<&str> = raised.iter().map(|raised| raised.key.as_str()).collect();
            let level = level.map_or_else(String::new, |level| format!(" at {level:#} or above"));
            (Part::done(WHAT, format!("{} read back{level}", keys.join(", "))), raised)
        }
        (_, Err(error)) => (Part::missing(WHAT, error.to_string(), "unplug this machine's signer"), Vec::new()),
        (Err(error), Ok(())) => (Part::missing(WHAT, error.to_string(), error.next()), Vec::new()),
    }
}

/// Writes down that every part of a standby was read back: what was armed here before does not count any more (S16).
///
/// # Errors
/// It could not be written; then what was armed before still counts.
pub fn completed(state: &StateDir, clock: &dyn Clock, raised: Vec<Raised>) -> Result<(), StateError> {
    state.stood_by(clock.now(), raised)
}
