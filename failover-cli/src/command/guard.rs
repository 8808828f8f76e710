//! `guard`: what keeps this machine from baking. Shown, asked, installed, and lifted on a typed statement.

use std::fmt;
use std::path::Path;

use failover_core::baker::{BakerControl, BakerError, BakerState};
use failover_core::clock::{Clock, SystemClock};
use failover_core::guard::{BootGuard, Guard, GuardError, GuardNote, GuardStatus, Lift};
use failover_core::state::StateDir;
use serde::Serialize;

use super::run::finished;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::locks;
use crate::output::{End, Output};
use crate::parts;
use crate::prompt;
use crate::settings::Settings;

mod boot;

use boot::BootRecord;

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

/// Shows the token, and what the service manager says of each unit; exit 0 whatever that is.
///
/// # Errors
/// The state cannot be read, or the service manager does not say.
pub(crate) fn status(settings: &Settings, out: &mut Output) -> Result<End, Failure> {
    let token = token(settings, out);
    // Without a configuration no units are known, and so there is nothing to ask.
    let boot = match settings.known() {
        Some(config) => boot(&mut *parts::open_backup(&config.backup, &settings.state())?, out),
        None => Ok(()),
    };
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

fn boot(control: &mut dyn BakerControl, out: &mut Output) -> Result<(), Failure> {
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
pub(crate) fn install(settings: &Settings, stop: bool, out: &mut Output) -> Result<End, Failure> {
    const NEXT: &str =
        "nothing can start here; `failover run` lifts the guard when it may, `failover guard lift` by hand";
    let config = settings.config()?;
    let state = StateDir::open(settings.state())?;
    let guard = Guard::new(state.path());
    let mut control = parts::open_backup(&config.backup, state.path())?;
    if stop {
        // The token first, so that nothing comes back by itself.
        guard.install().map_err(|error| Failure::new(Exit::NotReady, &error, error.next()))?;
        control.stop().map_err(|error| not_ready(&error))?;
    }
    match control.state().map_err(|error| not_ready(&error))? {
        BakerState::Stopped { .. } => {}
        BakerState::Running { what } => {
            let next = "stop the services first, or run `failover guard install --stop`";
            return Err(Failure::new(Exit::NotReady, format!("something signs here: {}", what.join(", ")), next));
        }
    }
    guard.install().map_err(|error| Failure::new(Exit::NotReady, &error, error.next()))?;
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
        BootGuard::Holds { .. } => Ok(End::done(NEXT)),
        BootGuard::Open { why } => {
            let next = "correct what is named, then run `failover guard install` again; until then unplug the signer";
            Err(Failure::new(Exit::NotReady, format!("the boot guard does not hold: {}", why.join("; ")), next))
        }
    }
}

/// Puts the token there, on the statement of a person. Starts nothing.
///
/// # Errors
/// A duplicate was seen (exit 5), a run goes on (7) or was interrupted (6), nobody can be asked, or it was not said.
pub(crate) fn lift(settings: &Settings, statement: Option<&str>, out: &mut Output) -> Result<End, Failure> {
    let config = settings.config()?;
    let state = StateDir::open(settings.state())?;
    let mut locks = locks::all(&config, out)?;
    let guard = Guard::new(state.path());
    guard.may_be_lifted()?;
    if state.unfinished(finished)?.is_some() {
        let next = "run `failover resume` to go on, or `failover stand-down`";
        return Err(Failure::new(Exit::Interrupted, "a run was interrupted here and is not over", next));
    }
    let sentence = Lift::sentence(&config.baker.name);
    let said = match statement {
        Some(said) => said.to_owned(),
        None => {
            let (what, flag) = ("for the statement that lifts the guard", "--statement");
            let said = prompt::typed_sentence(what, flag, &sentence)?;
            if said { sentence.clone() } else { String::new() }
        }
    };
    let Some(lift) = Lift::stated(&config.baker.name, &said) else {
        let next = "this machine stays guarded; say it only after you made sure";
        return match statement {
            Some(_) => Err(Failure::usage(format!("the statement is not, word for word: {sentence}"), next)),
            None => Ok(End::new(Exit::Cancelled, next)),
        };
    };
    // A person was asked meanwhile (S7).
    locks.iter_mut().try_for_each(|lock| lock.still_held())?;
    guard.lift(&lift, SystemClock.now())?;
    token(settings, out)?;
    Ok(End::done("start the services when you are ready, and watch them with `failover watch`"))
}
