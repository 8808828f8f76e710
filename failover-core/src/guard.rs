//! The guard: keeps a machine that must not bake from baking.
//!
//! A machine may bake only while the token `ACTIVE` lies in its state folder. Whatever starts a baker asks
//! [`Guard::check`] first. A token, a latch or a folder that cannot be read is a no. Installing the guard (taking the
//! token away) is never gated (S12); lifting it takes a [`Lift`], which an approved start gives (S1a), or a person's own
//! statement, word for word.
//!
//! What makes a machine's services look for the token is the boot guard, a drop-in on every unit that signs: [`DropIn`]
//! is its text, [`BootGuard`] what the service manager says of it.

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

use crate::clock::{Clock as _, SystemClock, Timestamp};
use crate::state::{self, Latch, PlanId, StateDir, StateError};

mod boot;
pub(crate) mod drop_in;
mod history;
mod note;
mod token;

pub use boot::BootGuard;
pub use drop_in::{DropIn, TokenPathError};
pub use history::HistoryEvent;
pub use note::GuardNote;
pub use token::{LiftedBy, Token};

/// The leave to lift the guard. The decision gives it with the approved start, a person by a whole sentence; nothing
/// else makes one.
#[derive(Debug)]
pub struct Lift {
    by: LiftedBy,
}

impl Lift {
    /// To be made by the decision only, once the start is approved.
    pub(crate) const fn approved(plan: PlanId) -> Self {
        Self { by: LiftedBy::Plan(plan) }
    }

    /// The same leave for another machine that the same verdict is about: a signer's beside its baker's.
    pub(crate) fn of_the_same_verdict(&self) -> Self {
        Self { by: self.by.clone() }
    }

    /// To be made only where the backup never started and reads back as unable to sign.
    pub(crate) const fn returned(plan: PlanId) -> Self {
        Self { by: LiftedBy::Returned(plan) }
    }

    /// The token's file, for a machine that is not this one.
    pub(crate) fn token(&self, now: Timestamp) -> String {
        // Times and names: there is nothing in it that JSON cannot say.
        state::text(&Token { at: now, by: self.by.clone() }).unwrap_or_default()
    }

    /// What a person says to lift the guard by hand, of the baker with this name.
    #[must_use]
    pub fn sentence(name: &str) -> String {
        format!("I have made sure that no other machine signs for {name}. This machine may bake.")
    }

    /// The leave of a person who said exactly the [`Lift::sentence`] of this baker; `None`: something else was said.
    #[must_use]
    pub fn stated(name: &str, said: &str) -> Option<Self> {
        let sentence = Self::sentence(name);
        (!name.is_empty() && said == sentence).then_some(Self { by: LiftedBy::Statement(sentence) })
    }
}

/// How the token stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum GuardStatus {
    /// There is no token.
    Guarded,
    /// There is a token. Whether it may bake, [`Guard::may_bake`] says: a duplicate that nobody cleared is a no beside it.
    Lifted(Token),
    /// It is not known, and so it may not.
    Unknown(StateError),
}

impl fmt::Display for GuardStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Guarded => f.write_str("guarded"),
            Self::Lifted(token) => write!(f, "lifted at {}", token.at),
            Self::Unknown(error) => write!(f, "unknown ({error})"),
        }
    }
}

/// Why this machine may not bake, or why the guard could not be changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum GuardError {
    /// There is no token.
    #[error("this machine is guarded: it may not bake")]
    Guarded,
    /// A duplicate was seen, and nobody has cleared it.
    #[error("a foreign signature was seen at {}, and nobody has cleared it: this machine may not bake", .0.at)]
    Duplicate(Box<state::Duplicate>),
    /// The token, the latch or the folder cannot be read.
    #[error("it is not known whether this machine may bake, so it may not: {0}")]
    Unknown(StateError),
    /// The token could not be written or removed.
    #[error("the guard could not be changed: {0}")]
    State(#[from] StateError),
    /// What was read back is not what was written (S5).
    #[error("the guard was changed, but reads back as {found}")]
    ReadBack {
        /// What was found.
        found: GuardStatus,
    },
}

impl GuardError {
    /// The next safe action.
    #[must_use]
    pub const fn next(&self) -> &'static str {
        match self {
            Self::Guarded => "if this machine is to bake, run `failover run` here; never lift the guard by hand",
            Self::Duplicate(_) => "unplug the signer of the old machine, then run `failover clear`",
            Self::Unknown(error) => error.next(),
            Self::State(_) | Self::ReadBack { .. } => "stop the baker and unplug the signer of this machine",
        }
    }
}

/// The guard of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    root: PathBuf,
}

impl Guard {
    /// The token's name in the state folder.
    pub const TOKEN: &'static str = "ACTIVE";

    /// The guard whose token lies in this state folder. The folder need not be there: then the machine is guarded.
    #[must_use]
    pub fn new(state: impl Into<PathBuf>) -> Self {
        Self { root: state.into() }
    }

    /// The guard in the usual state folder, [`StateDir::DEFAULT`].
    #[must_use]
    pub fn usual() -> Self {
        Self::new(StateDir::DEFAULT)
    }

    /// Looks at the token.
    pub fn status(&self) -> GuardStatus {
        match StateDir::existing(&self.root).and_then(|_| state::read(&self.token())) {
            Ok(Some(token)) => GuardStatus::Lifted(token),
            Ok(None) => GuardStatus::Guarded,
            Err(error) => GuardStatus::Unknown(error),
        }
    }

    /// May this machine bake now? As [`Guard::check`] says, and no where that is not known.
    #[must_use]
    pub fn may_bake(&self) -> bool {
        self.check().is_ok()
    }

    /// May this machine bake now, since when, and on whose word?
    ///
    /// # Errors
    /// It may not, or it is not known.
    pub fn check(&self) -> Result<Token, GuardError> {
        self.no_duplicate()?;
        match self.status() {
            GuardStatus::Lifted(token) => Ok(token),
            GuardStatus::Guarded => Err(GuardError::Guarded),
            GuardStatus::Unknown(error) => Err(GuardError::Unknown(error)),
        }
    }

    /// Installs the guard: takes the token away, durably, and reads back. Needs no approval (S12).
    ///
    /// # Errors
    /// The token could not be taken away, or it is not known whether it is gone.
    pub fn install(&self) -> Result<(), GuardError> {
        let found = self.status();
        state::remove(&self.token())?;
        // A token may have come from another machine. Whether this can be written down changes nothing (S12).
        let token = match found {
            GuardStatus::Guarded | GuardStatus::Unknown(StateError::Missing { .. }) => None,
            GuardStatus::Lifted(token) => Some(Some(token)),
            GuardStatus::Unknown(_) => Some(None),
        };
        if let (Some(token), Ok(state)) = (token, StateDir::existing(&self.root)) {
            let _unwritten = state.remember(SystemClock.now(), &HistoryEvent::Guarded { token });
        }
        match self.status() {
            GuardStatus::Guarded | GuardStatus::Unknown(StateError::Missing { .. }) => Ok(()),
            found => Err(GuardError::ReadBack { found }),
        }
    }

    /// Lifts the guard: writes it into the history, puts the token there, durably, and reads it back.
    ///
    /// # Errors
    /// A duplicate was seen and not cleared; the token could not be written or does not read back.
    pub fn lift(&self, lift: &Lift, now: Timestamp) -> Result<Token, GuardError> {
        self.no_duplicate()?;
        let token = Token { at: now, by: lift.by.clone() };
        // First, so that a token without a history is not this program's (S16).
        StateDir::existing(&self.root)?.remember(now, &HistoryEvent::Lifted { token: token.clone() })?;
        state::write(&self.token(), &token)?;
        match self.status() {
            GuardStatus::Lifted(found) if found == token => Ok(token),
            found => Err(GuardError::ReadBack { found }),
        }
    }

    /// Could a person lift the guard: is there no duplicate that nobody has cleared?
    ///
    /// # Errors
    /// There is one, or it is not known.
    pub fn may_be_lifted(&self) -> Result<(), GuardError> {
        self.no_duplicate()
    }

    fn no_duplicate(&self) -> Result<(), GuardError> {
        let state = StateDir::existing(&self.root).map_err(GuardError::Unknown)?;
        match state.latch() {
            Latch::Open => Ok(()),
            Latch::Latched(duplicate) => Err(GuardError::Duplicate(Box::new(duplicate))),
            Latch::Unknown(error) => Err(GuardError::Unknown(error)),
        }
    }

    /// Where the token lies, or would.
    #[must_use]
    pub fn token(&self) -> PathBuf {
        self.root.join(Self::TOKEN)
    }
}

#[cfg(test)]
mod tests;
