//! The permits of a drill's machines: real files below its scratch folder (S13).

use super::{DrillError, Rehearsal};
use failover_core::permit::{Permit, PermitError, RunPermit};

impl Rehearsal {
    /// The permit of the run that goes on now.
    pub(super) fn permit(&self) -> RunPermit {
        let permits = self.root_of(self.backup).of(self.policy.chain, self.policy.baker);
        RunPermit { permits, run: self.run, who: format!("drill@{}", self.backup), known: Vec::new() }
    }

    /// The backup booted again: permits of before are void (S13, H41).
    ///
    /// # Errors
    /// A permit cannot be changed.
    pub fn boots_again(&self) -> Result<(), DrillError> {
        let permits = self.permit().permits.part("permits");
        for entry in std::fs::read_dir(permits).into_iter().flatten().flatten() {
            let system = |e: std::io::Error| PermitError::System { path: entry.path(), why: e.to_string() };
            let damaged = |e: serde_json::Error| PermitError::Damaged { path: entry.path(), why: e.to_string() };
            let text = std::fs::read_to_string(entry.path()).map_err(system)?;
            let mut permit: Permit = serde_json::from_str(&text).map_err(damaged)?;
            "another boot".clone_into(&mut permit.boot);
            let text = serde_json::to_string(&permit).map_err(damaged)?;
            std::fs::write(entry.path(), text).map_err(system)?;
        }
        Ok(())
    }
}
