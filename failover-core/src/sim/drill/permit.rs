//! The permits of a drill's machines: real files below its scratch folder (S13).

use super::{DrillError, Rehearsal};
use crate::permit::{Permit, PermitError, RunPermit};

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
            let wrong = |e: std::io::Error| DrillError::Permit(PermitError::system(&entry.path(), &e));
            let text = std::fs::read_to_string(entry.path()).map_err(wrong)?;
            let mut permit: Permit = serde_json::from_str(&text).map_err(|e| PermitError::damaged(&entry.path(), e))?;
            "another boot".clone_into(&mut permit.boot);
            let text = serde_json::to_string(&permit).map_err(|e| PermitError::damaged(&entry.path(), e))?;
            std::fs::write(entry.path(), text).map_err(wrong)?;
        }
        Ok(())
    }
}
