//! EFFECT: performs approved steps. The only place that changes the world.
//!
//! What acts takes an [`Approved`] step, which only a decision can make. [`disarm()`] needs none: the safe direction
//! is never gated (S12). Nothing here decides; nothing here believes an answer: the next gathering reads back (S5).

use std::time::Duration;

use thiserror::Error;

use crate::baker::{BakerError, BakerMachine, PowerStatus};
use crate::clock::Clock;
use crate::decision::{Approved, Step, TooOld};
use crate::guard::{Guard, GuardError, GuardNote, Lift};
use crate::host::Host;
use crate::lock::{FailoverLock, LockError};
use crate::nonces::NonceCount;
use crate::operator::{Operator, OperatorError};
use crate::permit::{ClaimAnswer, PermitError, RunPermit};
use crate::remote_signer::{RemoteSigner, RemoteSignerError};
use crate::signer::ledger::StatusWord;
use crate::signer::{
    Arm, HwmSetter, KeyName, Passphrase, RaiseError, SignerError, next_where_not_locked, raise_to_floor,
};
use crate::state::PlanId;

mod at_rest;
mod authorize;
mod disarm;
mod give_back;
mod marks;
mod nonces;
pub(crate) mod pays;
mod performed;
mod permit;
mod prove;
mod stand_down;
mod unlocked;

pub use crate::signer::UNLOCK_LATE;
pub(crate) use crate::signer::{WAITS, lock_until_over};
pub use at_rest::is_disarmed;
pub(crate) use at_rest::{awake, is_gone};
pub use disarm::{Disarmed, disarm, disarm_keys};
pub use marks::raise_marks;
pub use performed::Performed;
pub use permit::{take_and_claim, with_permit};
pub use stand_down::{Whose, stand_down, stand_down_keys};

/// Why a step did not succeed. The next reading shows what it did all the same.
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
    /// The permit: nothing was tried, or what was done is disarmed again (S13).
    #[error(transparent)]
    Permit(#[from] PermitError),
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
    /// The keys were unlocked for a moment, and do not read back as locked again.
    #[error("the keys were unlocked and do not read back as locked: {why}{}", before.as_ref().map(|e| format!("; before that: {e}")).unwrap_or_default())]
    NotLockedAgain {
        /// Why, the last time.
        why: String,
        /// What went wrong while they were unlocked.
        before: Option<Box<EffectError>>,
        /// The device is gone: it may still have power.
        gone: bool,
    },
    /// A device alone cannot do this step.
    #[error("this step is not for a device alone")]
    NotApproved,
    /// The keys still read back as armed after they were locked.
    #[error("{} can still sign after it was told not to", .0)]
    StillArmed(KeyName),
    /// What decided an arming step was too old when the device or the guard would have been touched: nothing was (S15).
    #[error(transparent)]
    TooOld(#[from] TooOld),
    /// The passphrase is asked for before the look that decides, not in the effect.
    #[error("no passphrase was typed before this step")]
    NoPassphrase,
    /// Something on the primary's machine speaks against giving it its job back (S13): nothing was done there.
    #[error("the primary's machine cannot take its job back now")]
    NotLet(Box<ClaimAnswer>),
}

impl EffectError {
    /// The next safe action.
    #[must_use]
    pub fn next(&self) -> &'static str {
        match self {
            Self::Signer(e) => e.next(),
            Self::Raise(e) => e.next(),
            Self::Baker(e) => e.next(),
            Self::NotMerged { error, .. } => error.next(),
            Self::RemoteSigner(e) => e.next(),
            Self::Guard(e) => e.next(),
            Self::Lock(e) => e.next(),
            Self::Permit(e) => e.next(),
            Self::Operator(_) => "run again where a person can answer, or give the answer by a flag",
            Self::NoControl => "unplug the primary's signer or switch the machine off",
            Self::NotDisarmed { .. } => "run `failover stand-down`, then `failover return` again",
            Self::NotLockedAgain { gone, .. } => next_where_not_locked(*gone),
            Self::NotApproved => "report this as a fault of failover",
            Self::StillRuns { .. } => "stop what bakes there first",
            Self::StillArmed(_) => "unplug the backup's signer",
            Self::TooOld(_) => "look again; if it stays slow, find out what answers so slowly",
            Self::NoPassphrase => "give the passphrase, then look again",
            Self::NotLet(_) => "let the command there end, then run `failover return` again",
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
                | Self::Permit(PermitError::Gone { .. } | PermitError::OtherBoot | PermitError::None)
                | Self::Raise(RaiseError::WentDown { .. } | RaiseError::PastCap { .. } | RaiseError::Damaged { .. })
                // The device takes five unlocks in 30 s, and none of them mends a card.
                | Self::Signer(SignerError::Damaged { .. } | SignerError::DamagedCard { .. })
        ) && !self.is_rejected()
    }

    /// Does a prompt stand on the Ledger's screen that nobody has answered?
    #[must_use]
    pub const fn is_prompting(&self) -> bool {
        matches!(
            self,
            Self::Signer(SignerError::Prompting { .. })
                | Self::Raise(RaiseError::Signer(SignerError::Prompting { .. }))
        )
    }

    /// Did a person reject it at the Ledger's buttons? A person who said no is not asked again a second later.
    #[must_use]
    pub const fn is_rejected(&self) -> bool {
        matches!(self, Self::Signer(SignerError::Status { status: StatusWord::Rejected, .. }))
    }

    /// Was a prompt given up that nobody had answered in time?
    #[must_use]
    pub const fn gave_up_prompt(&self) -> bool {
        matches!(self, Self::Signer(SignerError::Prompting { .. } | SignerError::NotAccepted { .. }))
    }
}

/// What effects act on.
pub struct Hands {
    /// The backup's signer. One thread owns it.
    pub device: Box<dyn HwmSetter>,
    /// The primary's services, where they can be controlled.
    pub primary: Option<Box<dyn BakerMachine>>,
    /// The primary's signer, where a program there can be asked.
    pub primary_signer: Option<RemoteSigner<Box<dyn Host>>>,
    /// What says whether the primary's machine has power.
    pub power: Option<PowerStatus>,
    /// The backup's services.
    pub backup: Box<dyn BakerMachine>,
    /// The backup's guard.
    pub guard: Guard,
    /// The person.
    pub operator: Box<dyn Operator>,
    /// The passphrase, as it was typed before a look; once proved it is kept for the unlock, and wiped before the start
    /// (S9).
    pub passphrase: Option<Passphrase>,
    /// Every lock that the run holds; a look that does nothing has none. The last to be let go.
    pub locks: Vec<Box<dyn FailoverLock>>,
    /// This run's permit (S13); `None`: it looks and disarms, and arms nothing.
    pub permit: Option<RunPermit>,
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

/// Performs one approved step, once: it is used up by it. One that does not only disarm the backup is not tried unless every
/// lock is still held, and one that arms not where what decided it is too old by then (S15). `clock` is the one by which that
/// was gathered.
///
/// # Errors
/// See [`EffectError`].
pub(crate) fn perform(
    step: Approved<Step>,
    hands: &mut Hands,
    clock: &dyn Clock,
    plan: PlanId,
) -> Result<Performed, EffectError> {
    let approved = step;
    let step = approved.get();
    if !step.only_disarms() {
        hands.still_locked()?;
    }
    // What raises and locks again has a permit of its own, where a command has made one.
    if matches!(step, Step::ReadMarks { .. } | Step::RaiseMarks { .. }) {
        let Hands { device, operator, permit, .. } = hands;
        let done = raise_marks(approved, &mut **device, &mut **operator, clock, permit.as_ref());
        if matches!(done, Err(EffectError::Permit(_))) {
            let _read_again_by_whoever_stopped_it = disarm(hands, clock);
        }
        return done;
    }
    if !step.needs_permit() {
        return act(&approved, hands, clock, plan);
    }
    let lock = permit::begin(hands, step.name())?;
    let done = act(&approved, hands, clock, plan);
    permit::end(hands, clock, lock)?;
    done
}

fn act(
    approved: &Approved<Step>,
    hands: &mut Hands,
    clock: &dyn Clock,
    plan: PlanId,
) -> Result<Performed, EffectError> {
    match approved.get().clone() {
        Step::TakePermit => permit::take(hands, clock)?,
        Step::Claim { over, seconds } => {
            let claim = Some(permit::claim(hands, clock, &over, Duration::from_secs(seconds))?);
            return Ok(Performed { claim, ..Performed::default() });
        }
        Step::StopBackup => hands.backup.stop()?,
        Step::GuardBackup => hands.guard.install()?,
        Step::InstallBootGuard => {
            let note = note(hands, clock, Some(plan));
            hands.backup.install_boot_guard(&note)?;
        }
        Step::DisarmBackup => disarm_keys(&mut *hands.device)?,
        Step::HoldSigner => hands.device.hold()?,
        Step::ProvePassphrase { keys } => {
            let unlocked = prove::prove(hands, &keys)?;
            // What its marks are is known from here on: a locked key shows none (S16).
            return Ok(Performed { raised: marks::shown(&unlocked), unlocked, ..Performed::default() });
        }
        Step::StopPrimary => {
            let primary = hands.primary.as_mut().ok_or(EffectError::NoControl)?;
            let stopped = primary.stop();
            stop_payouts(&mut **primary);
            stopped?;
        }
        Step::NoteLevel { .. } => {}
        Step::GuardPrimary => {
            // By this note other machines know whose run it is, and so does this one (S7).
            let machine = hands.backup.identity()?.machine_id;
            let note = GuardNote { machine, ..GuardNote::here(clock.wall(), Some(plan)) };
            let primary = hands.primary.as_mut().ok_or(EffectError::NoControl)?;
            let guarded = primary.install_boot_guard(&note);
            // A primary that was found stopped was not told yet.
            stop_payouts(&mut **primary);
            guarded?;
        }
        Step::StashSecret => hands.primary.as_mut().ok_or(EffectError::NoControl)?.stash_unlock_secret()?,
        Step::DisarmPrimary => hands.primary_signer.as_mut().ok_or(EffectError::NoControl)?.disarm()?,
        Step::Unlock { keys } => {
            let passphrase = hands.passphrase.clone().ok_or(EffectError::NoPassphrase)?;
            approved.still_fresh(clock.now())?;
            hands.device.arm(Arm::Unlock { keys: &keys, passphrase: &passphrase })?;
        }
        Step::MergeNonces { chain } => {
            let merged = nonces::merge(hands, chain, clock.wall())?;
            return Ok(Performed { nonces: Some(merged), ..Performed::default() });
        }
        Step::Raise { keys, floor, cap } => {
            approved.still_fresh(clock.now())?;
            hands.device.open();
            let raised = raise_to_floor(&mut *hands.device, &keys, floor, cap);
            hands.device.close();
            return Ok(raised?.into());
        }
        Step::Authorize { key, floor, cap, chain } => {
            // At the sending of SETUP: the press may take a minute, and a new look comes after it.
            let fresh = || approved.still_fresh(clock.now());
            let Hands { device, permit, .. } = hands;
            return Ok(authorize::authorize(&mut **device, &key, (floor, cap), chain, (fresh, permit.as_ref()))?.into());
        }
        Step::Start { .. } => {
            approved.still_fresh(clock.now())?;
            hands.passphrase = None;
            hands.guard.lift(&Lift::approved(plan), clock.wall())?;
            hands.device.release();
            // Where this machine once stood by, its tezsign service cannot start without it.
            hands.backup.restore_unlock_secret()?;
            // A process that stood still in between has lifted the guard and started nothing yet.
            if let Err(old) = approved.still_fresh(clock.now()) {
                hands.guard.install()?;
                return Err(old.into());
            }
            hands.backup.start()?;
        }
        Step::ReadMarks { .. } | Step::RaiseMarks { .. } => return Err(EffectError::NotApproved),
        Step::GiveBack { unplugged } => {
            let no_script = give_back::give_back(hands, plan, unplugged, clock)?;
            return Ok(Performed { no_script, ..Performed::default() });
        }
    }
    Ok(Performed::default())
}

/// What pays signs nothing: that it does not stop keeps no baker waiting, and the end of the run says what runs on.
fn stop_payouts(machine: &mut dyn BakerMachine) {
    if let Some(payouts) = machine.payouts() {
        let _read_back_at_the_end = payouts.stop_pays();
    }
}

/// Who guards a machine now, and for which run. The machine is told by its services' host, as everywhere else.
pub(crate) fn note(hands: &mut Hands, clock: &dyn Clock, plan: Option<PlanId>) -> GuardNote {
    let mut note = GuardNote::here(clock.wall(), plan);
    if let Ok(identity) = hands.backup.identity() {
        note.machine = identity.machine_id;
    }
    note
}
