//! EFFECT: performs approved steps. The only place that changes the world.
//!
//! [`perform`] takes an [`Approved`] step, which only a decision can make. [`disarm`] needs none: the safe direction
//! is never gated (S12). Nothing here decides; nothing here believes an answer: the next gathering reads back (S5).

use std::time::Duration;

use thiserror::Error;

use crate::baker::{BakerControl, BakerError, BakerState, PowerStatus};
use crate::clock::Clock;
use crate::decision::{Approved, Step, TooOld};
use crate::guard::{BootGuard, Guard, GuardError, GuardNote, GuardStatus, Lift};
use crate::host::Host;
use crate::lock::{FailoverLock, LockError};
use crate::nonces::NonceCount;
use crate::operator::{Operator, OperatorError};
use crate::remote_signer::{RemoteSigner, RemoteSignerError};
use crate::signer::{Arm, Arming, HwmSetter, KeyName, Passphrase, RaiseError, SignerError, raise};
use crate::state::PlanId;

mod authorize;
mod nonces;
mod performed;

use authorize::authorize;
pub use performed::Performed;

/// Why a step did not succeed. What it did all the same, the next reading says.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EffectError {
    /// The backup's signer.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// Its marks.
    #[error(transparent)]
    Raise(#[from] RaiseError),
    /// The primary's signer.
    #[error(transparent)]
    RemoteSigner(#[from] RemoteSignerError),
    /// The services of a machine.
    #[error(transparent)]
    Baker(#[from] BakerError),
    /// The guard.
    #[error(transparent)]
    Guard(#[from] GuardError),
    /// The person.
    #[error(transparent)]
    Operator(#[from] OperatorError),
    /// A lock is not held any more: nothing was tried (S7).
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The primary cannot be controlled at all.
    #[error("the configuration has no way to stop the primary")]
    NoControl,
    /// The backup is not read back locked, stopped and guarded.
    #[error("the backup is not read back locked, stopped and guarded: {}", what.join("; "))]
    NotDisarmed {
        /// Each part.
        what: Vec<String>,
    },
    /// Seed nonces are merged only where nothing bakes on either side.
    #[error("seed nonces are not merged while {} runs", what.join(", "))]
    StillRuns {
        /// What runs.
        what: Vec<String>,
    },
    /// The primary's seed nonces were read, and are not here.
    #[error("{error}; the primary has {theirs}")]
    NotMerged {
        /// What the primary has.
        theirs: NonceCount,
        /// Why.
        error: Box<BakerError>,
    },
    /// The keys still read back as armed after they were locked.
    #[error("{} still can sign after it was told not to", .0)]
    StillArmed(KeyName),
    /// What decided an arming step was too old when the device or the guard would have been touched: nothing was (S15).
    #[error(transparent)]
    TooOld(#[from] TooOld),
    /// The passphrase is asked for before the look that decides, not in the effect.
    #[error("no passphrase was typed before this step")]
    NoPassphrase,
}

impl EffectError {
    /// The next safe action.
    #[must_use]
    pub fn next(&self) -> &'static str {
        match self {
            Self::Signer(e) => e.next(),
            Self::Raise(RaiseError::Signer(e)) => e.next(),
            Self::Raise(_) => "read the marks with `failover hwm show`",
            Self::Baker(e) => e.next(),
            Self::NotMerged { error, .. } => error.next(),
            Self::RemoteSigner(e) => e.next(),
            Self::Guard(e) => e.next(),
            Self::Lock(e) => e.next(),
            Self::Operator(_) => "run again where a person can answer, or give the answer by a flag",
            Self::NoControl => "unplug the primary's signer or switch the machine off",
            Self::NotDisarmed { .. } => "run `failover stand-down`, then `failover return` again",
            Self::StillRuns { .. } => "stop what bakes there first",
            Self::StillArmed(_) => "unplug the backup's signer",
            Self::TooOld(_) => "look again; where it stays so, find out what answers so slowly",
            Self::NoPassphrase => "give the passphrase, then look again",
        }
    }

    /// Can trying again help, without a person doing something first?
    #[must_use]
    pub const fn worth_a_retry(&self) -> bool {
        !matches!(
            self,
            Self::Operator(_)
                | Self::Lock(_)
                | Self::NoControl
                | Self::Raise(RaiseError::WentDown { .. } | RaiseError::PastCap { .. })
        )
    }
}

/// What effects act on.
pub struct Hands {
    /// The backup's signer. One thread owns it.
    pub device: Box<dyn HwmSetter>,
    /// The primary's services, where they can be controlled.
    pub primary: Option<Box<dyn BakerControl>>,
    /// The primary's signer, where a program there can be asked.
    pub primary_signer: Option<RemoteSigner<Box<dyn Host>>>,
    /// What says whether the primary's machine has power.
    pub power: Option<PowerStatus>,
    /// The backup's services.
    pub backup: Box<dyn BakerControl>,
    /// The backup's guard.
    pub guard: Guard,
    /// The person.
    pub operator: Box<dyn Operator>,
    /// The passphrase, as it was typed before a look; once proved it is kept for the unlock, and wiped before the start
    /// (S9).
    pub passphrase: Option<Passphrase>,
    /// Every lock that the run holds; a look that does nothing has none. The last to be let go.
    pub locks: Vec<Box<dyn FailoverLock>>,
}

impl Hands {
    /// Is every lock still held? Asked right before whatever arms (S7), never before what disarms (S12).
    ///
    /// # Errors
    /// One is not, or that cannot be shown.
    pub fn still_locked(&mut self) -> Result<(), LockError> {
        self.locks.iter_mut().try_for_each(|lock| lock.still_held())
    }
}

impl std::fmt::Debug for Hands {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hands").field("guard", &self.guard).finish_non_exhaustive()
    }
}

/// Performs one approved step; one that does not only disarm the backup is not tried unless every lock is still held, and
/// one that arms not where what decided it is too old by then (S15). `clock` is the one by which that was gathered.
///
/// # Errors
/// See [`EffectError`].
pub fn perform(
    step: &Approved<Step>,
    hands: &mut Hands,
    clock: &dyn Clock,
    plan: PlanId,
) -> Result<Performed, EffectError> {
    if !step.get().only_disarms() {
        hands.still_locked()?;
    }
    match step.get() {
        Step::StopBackup => hands.backup.stop()?,
        Step::GuardBackup => hands.guard.install()?,
        Step::InstallBootGuard => {
            let note = note(hands, clock, Some(plan));
            hands.backup.install_boot_guard(&note)?;
        }
        Step::DisarmBackup => disarm_keys(&mut *hands.device)?,
        Step::HoldSigner => hands.device.hold()?,
        Step::ProvePassphrase { keys } => prove(hands, keys)?,
        Step::StopPrimary => hands.primary.as_mut().ok_or(EffectError::NoControl)?.stop()?,
        Step::NoteLevel { .. } => {}
        Step::GuardPrimary => {
            // By this note other machines know whose run it is, and so does this one (S7).
            let machine = hands.backup.identity()?.machine_id;
            let note = GuardNote { machine, ..GuardNote::here(clock.wall(), Some(plan)) };
            hands.primary.as_mut().ok_or(EffectError::NoControl)?.install_boot_guard(&note)?;
        }
        Step::StashSecret => hands.primary.as_mut().ok_or(EffectError::NoControl)?.stash_unlock_secret()?,
        Step::DisarmPrimary => hands.primary_signer.as_mut().ok_or(EffectError::NoControl)?.disarm()?,
        Step::Unlock { keys } => {
            let passphrase = hands.passphrase.clone().ok_or(EffectError::NoPassphrase)?;
            step.still_fresh(clock.now())?;
            hands.device.arm(Arm::Unlock { keys, passphrase: &passphrase })?;
        }
        Step::MergeNonces { chain } => {
            let merged = nonces::merge(hands, *chain, clock.wall())?;
            return Ok(Performed { nonces: Some(merged), ..Performed::default() });
        }
        Step::Raise { keys, floor, cap } => {
            step.still_fresh(clock.now())?;
            return Ok(raise(&mut *hands.device, keys, *floor, *cap)?.into());
        }
        Step::Authorize { key, floor, cap, chain } => {
            // At the sending of SETUP: the press may take a minute, and a new look comes after it.
            let fresh = || step.still_fresh(clock.now());
            return Ok(authorize(&mut *hands.device, key, (*floor, *cap), *chain, fresh)?.into());
        }
        Step::Start { .. } => {
            step.still_fresh(clock.now())?;
            hands.passphrase = None;
            hands.guard.lift(&Lift::approved(plan), clock.wall())?;
            hands.device.release();
            // Where this machine once stood by, its tezsign service cannot start without it.
            hands.backup.restore_unlock_secret()?;
            // A process that stood still in between has lifted the guard and started nothing yet.
            if let Err(old) = step.still_fresh(clock.now()) {
                hands.guard.install()?;
                return Err(old.into());
            }
            hands.backup.start()?;
        }
    }
    Ok(Performed::default())
}

/// Who guards a machine now, and for which run. The machine is told by its services' host, as everywhere else.
pub(crate) fn note(hands: &mut Hands, clock: &dyn Clock, plan: Option<PlanId>) -> GuardNote {
    let mut note = GuardNote::here(clock.wall(), plan);
    if let Ok(identity) = hands.backup.identity() {
        note.machine = identity.machine_id;
    }
    note
}

/// Unlocks and locks again, and reads back: the passphrase is right, and nothing stays unlocked (S1).
fn prove(hands: &mut Hands, keys: &[KeyName]) -> Result<(), EffectError> {
    let passphrase = hands.passphrase.take().ok_or(EffectError::NoPassphrase)?;
    let unlocked = hands.device.arm(Arm::Unlock { keys, passphrase: &passphrase });
    disarm_keys(&mut *hands.device)?;
    // A throttled device did not look at it: it is as good as before.
    if matches!(unlocked, Ok(()) | Err(SignerError::Throttled { .. })) {
        hands.passphrase = Some(passphrase);
    }
    Ok(unlocked?)
}

/// Takes the device's ability to sign away, and reads back.
///
/// # Errors
/// The device could not be told, or still can sign.
pub fn disarm_keys(device: &mut dyn HwmSetter) -> Result<(), EffectError> {
    let told = device.disarm();
    match device.state()?.keys.iter().find(|k| k.arming != Arming::Disarmed) {
        Some(key) => Err(told.err().map_or(EffectError::StillArmed(key.name.clone()), EffectError::Signer)),
        None => Ok(()),
    }
}

/// What [`disarm`] did, and what of it is proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disarmed {
    /// Token removed, services stopped, keys locked or deauthorized: all read back.
    pub proven: bool,
    /// Each part, in words.
    pub what: Vec<String>,
}

/// Leaves the backup unable to sign: token removed, keys locked or deauthorized, baker and signer services stopped,
/// all read back. Tries every part whatever the others say, the fastest first, and never through `tezbake stop` (S12).
pub fn disarm(hands: &mut Hands, clock: &dyn Clock) -> Disarmed {
    let mut what = Vec::new();
    let mut proven = true;
    let mut note = |ok: bool, text: String| {
        proven &= ok;
        what.push(text);
    };
    match hands.guard.install() {
        Ok(()) => note(true, "guarded: nothing may start here".to_owned()),
        Err(e) => note(false, format!("not guarded: {e}")),
    }
    // Neither waits for the other: IF1 answers while the service holds IF0, and a signer that hangs puts no stop off.
    let Hands { device, backup, .. } = hands;
    let mut stopped = Err("the stop broke off".to_owned());
    clock.together(vec![
        Box::new(|| stopped = stop(&mut **backup, clock)),
        Box::new(|| {
            // Read back below.
            let _told = disarm_keys(&mut **device);
        }),
    ]);
    // A service that was still running may have unlocked the keys again in between.
    let last = disarm_keys(&mut *hands.device);
    match last {
        Ok(()) => note(true, "keys read back locked or deauthorized".to_owned()),
        Err(e) => note(false, format!("keys not read back locked: {e}")),
    }
    match stopped {
        Ok(()) => note(true, "services read back stopped".to_owned()),
        Err(why) => note(false, format!("services not read back stopped: {why}")),
    }
    hands.device.release();
    Disarmed { proven, what }
}

fn stop(backup: &mut dyn BakerControl, clock: &dyn Clock) -> Result<(), String> {
    let mut last = String::new();
    for _ in 0..3 {
        let told = backup.stop();
        match backup.state() {
            Ok(BakerState::Stopped { .. }) => return Ok(()),
            Ok(BakerState::Running { what }) => last = format!("still running: {}", what.join(", ")),
            Err(e) => last = told.err().unwrap_or(e).to_string(),
        }
        clock.sleep(Duration::from_millis(300));
    }
    Err(last)
}

/// Gives the fenced primary its job back: its guard is lifted, its auto-unlock secret put back, its services started.
/// Only where the backup reads back as unable to sign; that it never signed is for the caller to know.
///
/// # Errors
/// The backup could still sign ([`EffectError::NotDisarmed`]); or see [`EffectError`].
pub fn give_back(hands: &mut Hands, plan: PlanId, clock: &dyn Clock) -> Result<(), EffectError> {
    let Disarmed { proven, what } = is_disarmed(hands);
    if !proven {
        return Err(EffectError::NotDisarmed { what });
    }
    hands.still_locked()?;
    let primary = hands.primary.as_mut().ok_or(EffectError::NoControl)?;
    match primary.lift_boot_guard(&Lift::returned(plan), clock.wall()) {
        // Its start command asks the guard there, if anything does.
        Ok(()) | Err(BakerError::NoUnits { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    primary.restore_unlock_secret()?;
    Ok(primary.start()?)
}

/// Is this machine guarded, its services stopped and its keys unable to sign, all read now? What `return` and
/// `stand-down` ask.
#[must_use]
pub fn is_disarmed(hands: &mut Hands) -> Disarmed {
    let mut what = Vec::new();
    let guarded = matches!(hands.guard.status(), GuardStatus::Guarded);
    if !guarded {
        what.push("the guard is lifted or not known".to_owned());
    }
    match hands.backup.state() {
        Ok(BakerState::Stopped { .. }) => {}
        Ok(BakerState::Running { what: running }) => what.push(format!("still running: {}", running.join(", "))),
        Err(e) => what.push(e.to_string()),
    }
    match hands.backup.boot_guard() {
        // Where there are no units, the token is all there is.
        Ok(BootGuard::Holds { .. }) | Err(BakerError::NoUnits { .. }) => {}
        Ok(BootGuard::Open { why }) => what.push(format!("its services could start again: {}", why.join("; "))),
        Err(e) => what.push(e.to_string()),
    }
    match hands.device.state() {
        Ok(state) => what.extend(
            state.keys.iter().filter(|k| k.arming != Arming::Disarmed).map(|k| format!("the key {} can sign", k.name)),
        ),
        Err(e) => what.push(e.to_string()),
    }
    Disarmed { proven: what.is_empty(), what }
}
