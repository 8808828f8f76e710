//! `guard check` and `guard status`: may this machine bake?

use std::fmt;

use failover_core::guard::{Guard, GuardError, GuardStatus};
use serde::Serialize;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{End, Output};
use crate::settings::Settings;

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
pub(crate) fn check(settings: &Settings, out: &mut Output) -> Result<End, Failure> {
    let token = Guard::new(settings.state()).check()?;
    out.show(&GuardRecord { may_bake: true, why: format!("since {}, by the run of plan {}", token.at, token.plan) });
    Ok(End::done("nothing needs to be done"))
}

/// Shows the guard; exit 0 whatever it says.
///
/// # Errors
/// The state cannot be read.
pub(crate) fn status(settings: &Settings, out: &mut Output) -> Result<End, Failure> {
    let guard = Guard::new(settings.state());
    match guard.check() {
        Ok(_) => check(settings, out),
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
