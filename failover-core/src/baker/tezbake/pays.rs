//! What pays rewards to delegators beside a baker (TezPay): stopped with it, and started by nobody but a person.
//!
//! It signs nothing that a baker signs, so nothing waits for it and no fence asks for it. Two machines that both run it
//! would pay twice, and `tezbake start` starts it (seen on TezBake 2026-04).

use super::TezbakeControl;
use crate::baker::{BakerError, UnitName, instance};
use crate::guard::GuardNote;
use crate::host::Host;

impl<H: Host> TezbakeControl<H> {
    /// As the units were found last.
    pub(super) fn known_pays(&self) -> Vec<UnitName> {
        let ours = self.known.first().and_then(instance::id);
        let pays = |unit: &&UnitName| instance::pays(unit) && ours.is_some() && instance::id(unit) == ours;
        self.all.iter().filter(pays).cloned().collect()
    }

    /// Asks them to stop. Never killed: a payment that is under way is written down at its end.
    pub(super) fn ask_pays_to_stop(&mut self) -> Result<(), BakerError> {
        let pays = self.known_pays();
        if pays.is_empty() {
            return Ok(());
        }
        self.systemctl.ask_to_stop(&pays)?;
        self.stopped_pays = pays;
        Ok(())
    }

    /// Those that were stopped here are tied to the guard's token, so that a reboot does not start them either. No verdict
    /// asks for it.
    pub(super) fn guard_pays(&mut self, note: &GuardNote) {
        let pays = std::mem::take(&mut self.stopped_pays);
        if !pays.is_empty() && self.systemctl.install_boot_guard(&pays, &self.token, note).is_err() {
            // One that is still at a payment: the next time.
            self.stopped_pays = pays;
        }
    }
}
