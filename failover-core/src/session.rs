//! A session of a run: the only way to the procedure, so that what keeps a person safe is asked of every program, not of
//! the command line alone.
//!
//! [`Session::open`] begins a run from the operator's configuration and [`Session::resume`] takes up an interrupted one
//! (feature `config`): the thresholds, the permit, the locks, the latch, unfinished runs and pins are looked at in the order
//! in which they hold, and what comes of it is an [`Opening`]. With somebody to ask and somewhere to write it becomes a
//! session. [`Session::from_parts`] takes parts that the caller opened by himself.
//!
//! Whichever way: without this machine's lock and a permit for this baker, with thresholds that no run may have, with a latched
//! duplicate or an unfinished run, or where guard and services look for two tokens, there is no session (S7, S8, S13, S17). A
//! primary that answers and was never pinned is refused as soon as it is seen (H19).

use crate::decision::policy::MARGIN_MOST;
use crate::decision::{PolicyError, Verdict};
use crate::facts::Facts;
use crate::failover::{Failover, Parts, PlanRefused, PreviousRun, earlier_refusal, plan};
use crate::journal::record::{End, Plan};
use crate::preflight::{self, Purpose};

mod error;
#[cfg(feature = "config")]
mod left_armed;
#[cfg(feature = "config")]
pub mod open;
#[cfg(feature = "config")]
mod opening;
mod past;
#[cfg(feature = "config")]
mod setup;

pub use error::SessionError;
#[cfg(feature = "config")]
pub use opening::{Opening, Wanted};
pub use past::PastError;
#[cfg(feature = "config")]
pub use setup::SetupError;

/// A run that may begin, or be taken up again.
#[derive(Debug)]
pub struct Session {
    failover: Failover,
    simulated: bool,
}

impl Session {
    /// A new run of these parts, or with `past` one that is taken up again. What an earlier run was refused for is read from
    /// the journals of the state folder (H27).
    ///
    /// # Errors
    /// [`SessionError::Policy`]; [`SessionError::Past`], where `past` is about something else; or [`SessionError::Ended`]: no
    /// lock or permit, a latched duplicate, another unfinished run, two tokens, a state folder that cannot be used. Then what an
    /// earlier session left armed was disarmed (S12).
    pub fn from_parts(parts: Parts, past: Option<PreviousRun>) -> Result<Self, SessionError> {
        let simulated = is_simulated(&parts);
        // A run goes on with what it was begun with, by a version that asked less.
        let begun = past.as_ref().map(|past| (past.policy.margin, past.policy.cap));
        let as_begun = begun == Some((parts.policy.margin, parts.policy.cap));
        match parts.policy.check() {
            // What is excluded there excludes nothing on a real machine.
            Err(PolicyError::Quarantine) if simulated => {}
            Err(PolicyError::Cap { .. }) if as_begun => {}
            Err(PolicyError::Margin { margin }) if as_begun && margin > MARGIN_MOST => {}
            checked => checked?,
        }
        if let Some(past) = &past {
            past::of_these_parts(past, &parts)?;
        }
        let (state, policy, now) = (parts.state.clone(), parts.policy.clone(), parts.clock.now());
        let mut failover = Failover::new(parts, past);
        let stands = failover.standing(Purpose::Run).and_then(|()| {
            let refused = earlier_refusal(&state, &policy, now).map_err(|error| preflight::unusable(&error))?;
            failover.after_refusal(refused);
            Ok(())
        });
        match stands {
            Ok(()) => Ok(Self { failover, simulated }),
            Err(refusal) => Err(SessionError::Ended(Box::new(failover.refused_unwritten(&refusal)))),
        }
    }

    /// Goes through the procedure to its end. The end is recorded; where even that fails, it is in the answer.
    ///
    /// # Panics
    /// Where the operator, the recorder or an edge does. By then the backup is disarmed, unless it was started and still runs, and
    /// an end is recorded, as far as that can be done.
    #[must_use]
    pub fn run(self) -> End {
        self.failover.run()
    }

    /// The same for a rehearsal in which a panic stands for a process that is killed: after one nothing more is done, and what
    /// was armed stays so. On a machine that bakes it is [`Session::run`].
    #[must_use]
    pub fn rehearse(mut self) -> End {
        if self.simulated { self.failover.rehearse() } else { self.run() }
    }
}

// Opened in one thread, it may run in another.
const _: () = {
    const fn is_send<T: Send>() {}
    is_send::<Session>();
    is_send::<Look>();
};

/// Do the permits lie elsewhere than a real machine's?
fn is_simulated(parts: &Parts) -> bool {
    parts.hands.permit.as_ref().is_some_and(|permit| !permit.permits.root().is_usual())
}

/// What looks at everything and does nothing: it needs no lock and no permit, and nobody is asked.
#[derive(Debug)]
pub struct Look {
    failover: Failover,
}

impl Look {
    /// A look with these parts, as a new run, or with `past` one that is taken up again, would look.
    #[must_use]
    pub fn from_parts(parts: Parts, past: Option<PreviousRun>) -> Self {
        Self { failover: Failover::new(parts, past) }
    }

    /// Looks once, and says what the decision would do next, without doing it. What takes a few blocks to tell is waited
    /// for, no longer.
    pub fn once(&mut self) -> (Facts, Verdict) {
        self.failover.look_once()
    }

    /// Looks once and says what a run would do.
    ///
    /// # Errors
    /// A run would be refused before it did anything.
    pub fn plan(&mut self) -> Result<Plan, PlanRefused> {
        plan(&mut self.failover)
    }
}
