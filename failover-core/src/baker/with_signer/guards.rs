//! What keeps both machines from starting, and from unlocking keys: what is open on one of them is open.

use std::path::Path;

use super::WithSigner;
use crate::baker::{BakerError, BootGuards, UnlockSecret, UnlockSecrets};
use crate::clock::Timestamp;
use crate::guard::{BootGuard, GuardNote, Lift};

impl BootGuards for WithSigner {
    fn boot_guard(&mut self) -> Result<BootGuard, BakerError> {
        // A machine that is open is reported whatever the other one is: it can be guarded, and otherwise never would
        // be.
        match (self.baker.boot_guard(), self.signer.boot_guard()) {
            (Ok(BootGuard::Holds { mut units, note }), Ok(BootGuard::Holds { units: signer, .. })) => {
                units.extend(signer);
                Ok(BootGuard::Holds { units, note })
            }
            (Ok(BootGuard::Open { mut why }), other) | (other, Ok(BootGuard::Open { mut why })) => {
                match other {
                    Ok(BootGuard::Open { why: more }) => why.extend(more),
                    Ok(BootGuard::Holds { .. }) => {}
                    Err(error) => why.push(error.to_string()),
                }
                Ok(BootGuard::Open { why })
            }
            // That one has no services of systemd says nothing of the other (S3).
            (Err(BakerError::NoUnits { .. }), Err(error)) | (Err(error), _) | (_, Err(error)) => Err(error),
        }
    }

    fn install_boot_guard(&mut self, note: &GuardNote) -> Result<(), BakerError> {
        self.both(|control| control.install_boot_guard(note))
    }

    fn lift_boot_guard(&mut self, lift: &Lift, now: Timestamp) -> Result<(), BakerError> {
        self.both(|control| control.lift_boot_guard(lift, now))
    }

    fn guard_token(&mut self) -> Option<&Path> {
        self.baker.guard_token()
    }
}

impl UnlockSecrets for WithSigner {
    fn unlock_secret(&mut self) -> Result<UnlockSecret, BakerError> {
        let (baker, signer) = (self.baker.unlock_secret(), self.signer.unlock_secret());
        match (baker, signer) {
            (Ok(UnlockSecret::InPlace { mut files }), Ok(UnlockSecret::InPlace { files: signer })) => {
                files.extend(signer);
                Ok(UnlockSecret::InPlace { files })
            }
            (place @ Ok(UnlockSecret::InPlace { .. }), _) | (_, place @ Ok(UnlockSecret::InPlace { .. })) => place,
            (Err(error), _) | (_, Err(error)) => Err(error),
            (Ok(UnlockSecret::Aside { mut files }), Ok(UnlockSecret::Aside { files: signer })) => {
                files.extend(signer);
                Ok(UnlockSecret::Aside { files })
            }
            (aside @ Ok(UnlockSecret::Aside { .. }), _) | (_, aside) => aside,
        }
    }

    fn stash_unlock_secret(&mut self) -> Result<(), BakerError> {
        self.both(|control| control.stash_unlock_secret())
    }

    fn restore_unlock_secret(&mut self) -> Result<(), BakerError> {
        self.both(|control| control.restore_unlock_secret())
    }
}
