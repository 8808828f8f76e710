//! What a machine says, and what follows where it lacks the trait that would: the one place that knows. Everything that
//! guards something is an error then, which a look takes for unknown (S3).

use std::path::Path;

use super::BakerMachine;
use crate::baker::{BakerError, GiveBackOrder, GivenBack, Startable, UnlockSecret};
use crate::clock::Timestamp;
use crate::guard::{BootGuard, GuardNote, Lift};
use crate::host::HostIdentity;
use crate::mark_files::PrimaryMarks;
use crate::nonces::{Merged, Nonces};
use crate::permit::{ClaimAnswer, ClaimOrder};
use crate::tezos::ChainId;

impl dyn BakerMachine + '_ {
    /// As [`MachineIdentity::identity`](crate::baker::MachineIdentity::identity).
    ///
    /// # Errors
    /// As there; [`BakerError::NoIdentity`] where the machine lacks it.
    pub fn identity(&mut self) -> Result<HostIdentity, BakerError> {
        match self.machine_identity() {
            Some(machine) => machine.identity(),
            None => Err(BakerError::NoIdentity { what: self.describe() }),
        }
    }

    /// As [`MarkFiles::marks`](crate::baker::MarkFiles::marks).
    ///
    /// # Errors
    /// As there; [`BakerError::NoMarkFolder`] where the machine lacks it.
    pub fn marks(&mut self, chain: ChainId) -> Result<PrimaryMarks, BakerError> {
        match self.mark_files() {
            Some(files) => files.marks(chain),
            None => Err(self.no_folder()),
        }
    }

    /// As [`SeedNonces::nonces`](crate::baker::SeedNonces::nonces).
    ///
    /// # Errors
    /// As there; [`BakerError::NoMarkFolder`] where the machine lacks it.
    pub fn nonces(&mut self, chain: ChainId) -> Result<Nonces, BakerError> {
        match self.seed_nonces() {
            Some(kept) => kept.nonces(chain),
            None => Err(self.no_folder()),
        }
    }

    /// As [`SeedNonces::merge_nonces`](crate::baker::SeedNonces::merge_nonces).
    ///
    /// # Errors
    /// As there; [`BakerError::NoMarkFolder`] where the machine lacks it.
    pub fn merge_nonces(&mut self, chain: ChainId, theirs: &Nonces, at: Timestamp) -> Result<Merged, BakerError> {
        match self.seed_nonces() {
            Some(kept) => kept.merge_nonces(chain, theirs, at),
            None => Err(self.no_folder()),
        }
    }

    fn no_folder(&self) -> BakerError {
        BakerError::NoMarkFolder { host: self.describe() }
    }

    /// As [`BootGuards::boot_guard`](crate::baker::BootGuards::boot_guard).
    ///
    /// # Errors
    /// As there; [`BakerError::NoBootGuard`] where the machine lacks it: that there are no units is an answer, and this is
    /// none.
    pub fn boot_guard(&mut self) -> Result<BootGuard, BakerError> {
        match self.boot_guards() {
            Some(guards) => guards.boot_guard(),
            None => Err(self.no_boot_guard()),
        }
    }

    /// As [`BootGuards::install_boot_guard`](crate::baker::BootGuards::install_boot_guard).
    ///
    /// # Errors
    /// As there; [`BakerError::NoBootGuard`] where the machine lacks it.
    pub fn install_boot_guard(&mut self, note: &GuardNote) -> Result<(), BakerError> {
        match self.boot_guards() {
            Some(guards) => guards.install_boot_guard(note),
            None => Err(self.no_boot_guard()),
        }
    }

    /// As [`BootGuards::lift_boot_guard`](crate::baker::BootGuards::lift_boot_guard).
    ///
    /// # Errors
    /// As there; [`BakerError::NoBootGuard`] where the machine lacks it.
    pub fn lift_boot_guard(&mut self, lift: &Lift, now: Timestamp) -> Result<(), BakerError> {
        match self.boot_guards() {
            Some(guards) => guards.lift_boot_guard(lift, now),
            None => Err(self.no_boot_guard()),
        }
    }

    /// As [`BootGuards::guard_token`](crate::baker::BootGuards::guard_token). A machine that lacks it names none, and its
    /// boot guard is unknown.
    pub fn guard_token(&mut self) -> Option<&Path> {
        self.boot_guards().and_then(|guards| guards.guard_token())
    }

    fn no_boot_guard(&self) -> BakerError {
        BakerError::NoBootGuard { what: self.describe() }
    }

    /// As [`UnlockSecrets::unlock_secret`](crate::baker::UnlockSecrets::unlock_secret).
    ///
    /// # Errors
    /// As there; [`BakerError::NoSecretPlace`] where the machine lacks it.
    pub fn unlock_secret(&mut self) -> Result<UnlockSecret, BakerError> {
        match self.unlock_secrets() {
            Some(secrets) => secrets.unlock_secret(),
            None => Err(BakerError::NoSecretPlace { what: self.describe() }),
        }
    }

    /// As [`UnlockSecrets::stash_unlock_secret`](crate::baker::UnlockSecrets::stash_unlock_secret).
    ///
    /// # Errors
    /// As there; [`BakerError::NoSecretPlace`] where the machine lacks it.
    pub fn stash_unlock_secret(&mut self) -> Result<(), BakerError> {
        match self.unlock_secrets() {
            Some(secrets) => secrets.stash_unlock_secret(),
            None => Err(BakerError::NoSecretPlace { what: self.describe() }),
        }
    }

    /// As [`UnlockSecrets::restore_unlock_secret`](crate::baker::UnlockSecrets::restore_unlock_secret). Where the
    /// machine lacks it, none was ever put away.
    ///
    /// # Errors
    /// As there.
    pub fn restore_unlock_secret(&mut self) -> Result<(), BakerError> {
        self.unlock_secrets().map_or(Ok(()), |secrets| secrets.restore_unlock_secret())
    }

    /// As [`Claims::claim`](crate::baker::Claims::claim); [`ClaimAnswer::Unasked`] where the machine lacks it.
    ///
    /// # Errors
    /// As there.
    pub fn claim(&mut self, order: &ClaimOrder) -> Result<ClaimAnswer, BakerError> {
        match self.claims() {
            Some(claims) => claims.claim(order),
            None => Ok(self.unasked()),
        }
    }

    /// As [`Claims::give_back`](crate::baker::Claims::give_back); [`ClaimAnswer::Unasked`] where the machine lacks it.
    ///
    /// # Errors
    /// As there.
    pub fn give_back(&mut self, order: &GiveBackOrder) -> Result<GivenBack, BakerError> {
        match self.claims() {
            Some(claims) => claims.give_back(order),
            None => Ok(GivenBack::Not(self.unasked())),
        }
    }

    fn unasked(&self) -> ClaimAnswer {
        ClaimAnswer::Unasked { why: format!("{} runs no script", self.describe()) }
    }

    /// As [`Readiness::reads_back`](crate::baker::Readiness::reads_back). Where the machine lacks it, a state that can be
    /// read has to be enough.
    ///
    /// # Errors
    /// As there.
    pub fn reads_back(&mut self) -> Result<(), BakerError> {
        match self.readiness() {
            Some(readiness) => readiness.reads_back(),
            None => self.state().map(drop),
        }
    }

    /// As [`Readiness::may_change`](crate::baker::Readiness::may_change). `false`, it cannot be shown, where the machine
    /// lacks it.
    ///
    /// # Errors
    /// As there.
    pub fn may_change(&mut self) -> Result<bool, BakerError> {
        self.readiness().map_or(Ok(false), |readiness| readiness.may_change())
    }

    /// As [`Readiness::startable`](crate::baker::Readiness::startable). `None`, it is not known, where the machine lacks it.
    ///
    /// # Errors
    /// As there.
    pub fn startable(&mut self) -> Result<Option<Startable>, BakerError> {
        self.readiness().map(|readiness| readiness.startable()).transpose()
    }
}
