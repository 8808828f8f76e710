//! `guard`: what keeps this machine from baking. Shown, asked, installed, and lifted on a typed statement.

use std::fmt;
use std::path::Path;

use failover_core::baker::{BakerError, BakerMachine, BakerState};
use failover_core::clock::{Clock, SystemClock};
use failover_core::guard::{BootGuard, Guard, GuardError, GuardNote, GuardStatus};
use failover_core::host::{Host, LocalHost};
use failover_core::permit::{STOP_PATIENCE, hostname};
use failover_core::session::open;
use failover_core::state::StateDir;
use serde::Serialize;

use super::stand_down::by;
use super::systemd::proven_systemd;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{End, Output};
use crate::settings::Settings;

mod bakes;
mod boot;
mod lift;
mod living;
mod units;

pub(super) use bakes::{may_be_stopped, nothing_more};
pub(crate) use lift::run as lift;

use boot::BootRecord;
use living::LivingRecord;
use units::UnitsRecord;

/// The guard, as it was read.
#[derive(Serialize)]
#[serde(tag = "record", rename = "guard")]
struct GuardRecord {
    may_bake: bool,
    why: String,
}

impl fmt::Display for GuardRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "This machine may {}bake: {}", if self.may_bake { "" } else { "not " }, self.why)
    }
}

impl From<GuardError> for Failure {
    /// Exit 3, or 5 where a duplicate is why: whatever starts a baker takes anything but 0 for a no.
    fn from(error: GuardError) -> Self {
        let exit = if matches!(error, GuardError::Duplicate(_)) { Exit::Duplicate } else { Exit::Refused };
        Self::new(exit, &error, error.next())
    }
}

/// Exit 0 where this machine may bake.
///
/// # Errors
/// It may not, or it is not known.
pub(crate) fn check(state: &Path, out: &mut Output) -> Result<End, Failure> {
    let token = Guard::new(state).check()?;
    out.show(&GuardRecord { may_bake: true, why: format!("since {}, {}", token.at, token.by) });
    Ok(End::done("nothing needs to be done"))
}

/// Shows the token, what the service manager says of each unit, and every service here that signs; exit 0 whatever that is.
///
/// # Errors
/// The state cannot be read, or the service manager does not say.
pub(crate) fn status(settings: &Settings, out: &mut Output) -> Result<End, Failure> {
    let token = token(settings, out);
    // Without a configuration no units are known, and so there is nothing to ask.
    let known = settings.known();
    let boot = match &known {
        Some(config) => boot(&mut *open::backup(&config.backup, &settings.state())?, out),
        None => Ok(()),
    };
    let host = || -> Option<Box<dyn Host>> {
        match &known {
            Some(config) => open::host(&config.backup).ok(),
            None => Some(Box::new(LocalHost::new())),
        }
    };
    if let Some(units) = UnitsRecord::of(host, &Guard::new(settings.state()).token()) {
        out.show(&units);
        if let Some(living) = host().and_then(|host| LivingRecord::of(host, &units.guarded())) {
            out.show(&living);
        }
    }
    let end = token?;
    boot?;
    Ok(end)
}

fn token(settings: &Settings, out: &mut Output) -> Result<End, Failure> {
    let guard = Guard::new(settings.state());
    match guard.check() {
        Ok(_) => check(&settings.state(), out),
        Err(error @ (GuardError::Guarded | GuardError::Duplicate(_))) => {
            out.show(&GuardRecord { may_bake: false, why: error.to_string() });
            Ok(End::done(error.next()))
        }
        Err(error) => {
            let why = match guard.status() {
                GuardStatus::Unknown(why) => why.to_string(),
                _ => error.to_string(),
            };
            out.show(&GuardRecord { may_bake: false, why });
            Err(error.into())
        }
    }
}

fn boot(control: &mut dyn BakerMachine, out: &mut Output) -> Result<(), Failure> {
    let found = control.boot_guard();
    out.show(&BootRecord::of(&found));
    match found {
        Ok(_) | Err(BakerError::NoUnits { .. }) => Ok(()),
        Err(error) => Err(not_ready(&error)),
    }
}

fn not_ready(error: &BakerError) -> Failure {
    Failure::new(Exit::NotReady, error, error.next())
}

/// Takes the token away and ties every signing unit to it, all read back.
///
/// # Errors
/// Something signs here, or the guard could not be installed or read back: exit 4.
pub(crate) fn install(settings: &Settings, stop: Option<&str>, out: &mut Output) -> Result<End, Failure> {
    const NEXT: &str =
        "nothing can start here; `failover run` lifts the guard when it may, `failover guard lift` by hand";
    let config = settings.config()?;
    // S14: at once and without any lock; a run that goes on here ends by it.
    let permits = config.root().of(config.baker.chain, config.baker.address);
    let stopped = permits.take_away(&by("guard install"))?;
    let state = StateDir::open(settings.state())?;
    let guard = Guard::new(state.path());
    let mut control = open::backup(&config.backup, state.path())?;
    if bakes::may_be_stopped(&mut *control, stop, stopped)? {
        // The token first, so that nothing comes back by itself.
        guard.install().map_err(|error| Failure::new(Exit::NotReady, &error, error.next()))?;
        control.stop().map_err(|error| not_ready(&error))?;
    }
    match control.state().map_err(|error| not_ready(&error))? {
        BakerState::Stopped { .. } => {}
        BakerState::Running { what } => {
            let next = format!("stop the services first, or run `failover guard install --stop {}`", hostname());
            return Err(Failure::new(Exit::NotReady, format!("something signs here: {}", what.join(", ")), next));
        }
    }
    // At once, whatever holds the lock (S12).
    let at_once = guard.install();
    // An effect that was under way when the permits went is over by then: only what is read after it is proof.
    let _effect = match config.root().path().is_dir() {
        true => Some(permits.effect_lock("a guard", STOP_PATIENCE)?),
        false => None,
    };
    at_once.and(guard.install()).map_err(|error| Failure::new(Exit::NotReady, &error, error.next()))?;
    match control.install_boot_guard(&GuardNote::here(SystemClock.now(), None)) {
        Ok(()) => {}
        Err(error @ BakerError::NoUnits { .. }) => {
            out.show(&GuardRecord { may_bake: false, why: "there is no token".to_owned() });
            out.show(&BootRecord::of(&Err(error.clone())));
            return Ok(End::done(error.next()));
        }
        Err(error) => return Err(not_ready(&error)),
    }
    token(settings, out)?;
    let found = control.boot_guard();
    out.show(&BootRecord::of(&found));
    match found.map_err(|error| not_ready(&error))? {
        // Better installed than not, though that it holds is not proven.
        BootGuard::Holds { .. } => match proven_systemd(&config.backup)? {
            Some(Err((says, next))) => Err(Failure::new(Exit::NotReady, format!("systemd here: {says}"), next)),
            Some(Ok(_)) | None => Ok(End::done(NEXT)),
        },
        BootGuard::Open { why } => {
            let next = "correct what is named, then run `failover guard install` again; until then unplug the signer";
            Err(Failure::new(Exit::NotReady, format!("the boot guard does not hold: {}", why.join("; ")), next))
        }
    }
}
