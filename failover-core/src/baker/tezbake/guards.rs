//! What keeps TezBake's services from starting, and from unlocking the keys.

use std::path::Path;

use super::TezbakeControl;
use crate::baker::{BakerError, BootGuards, UnlockSecret, UnlockSecrets, secret};
use crate::clock::Timestamp;
use crate::guard::{BootGuard, GuardNote, Lift};
use crate::host::Host;

impl<H: Host> BootGuards for TezbakeControl<H> {
    fn boot_guard(&mut self) -> Result<BootGuard, BakerError> {
        let units = self.units()?;
        self.systemctl.boot_guard(&units, &self.token)
    }

    fn install_boot_guard(&mut self, note: &GuardNote) -> Result<(), BakerError> {
        let units = self.units()?;
        self.systemctl.install_boot_guard(&units, &self.token, note)
    }

    fn lift_boot_guard(&mut self, lift: &Lift, now: Timestamp) -> Result<(), BakerError> {
        self.systemctl.lift_boot_guard(&self.token, lift, now)
    }

    fn guard_token(&mut self) -> Option<&Path> {
        Some(&self.token)
    }
}

impl<H: Host> UnlockSecrets for TezbakeControl<H> {
    fn unlock_secret(&mut self) -> Result<UnlockSecret, BakerError> {
        let units = self.units()?;
        let places = self.secret_places(&units)?;
        let root = &self.root;
        self.systemctl.files(|host, elevation| secret::look(host, elevation, root, &places))
    }

    fn stash_unlock_secret(&mut self) -> Result<(), BakerError> {
        let units = self.units()?;
        let places = self.secret_places(&units)?;
        let root = &self.root;
        self.systemctl.files(|host, elevation| secret::act(secret::STASH, host, elevation, root, &places))
    }

    fn restore_unlock_secret(&mut self) -> Result<(), BakerError> {
        let units = self.units()?;
        let places = self.secret_places(&units)?;
        let root = &self.root;
        self.systemctl.files(|host, elevation| secret::act(secret::RESTORE, host, elevation, root, &places))
    }
}
