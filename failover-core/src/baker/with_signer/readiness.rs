//! Would a stop and a start of both work (S17)?

use super::WithSigner;
use crate::baker::{BakerError, Readiness, Startable};

impl Readiness for WithSigner {
    /// A signer that may not be stopped is found before its baker is.
    fn reads_back(&mut self) -> Result<(), BakerError> {
        self.both(|control| control.reads_back())?;
        match self.signer.may_change()? {
            true => Ok(()),
            false => Err(BakerError::Elevation { host: self.signer.describe(), what: "systemctl".to_owned() }),
        }
    }

    fn may_change(&mut self) -> Result<bool, BakerError> {
        Ok(self.baker.may_change()? && self.signer.may_change()?)
    }

    fn startable(&mut self) -> Result<Startable, BakerError> {
        let (baker, signer) = (self.baker.startable()?, self.signer.startable()?);
        // The wallet is the baker's. What one of them does not know takes nothing from what the other one misses.
        let (mut both, signer) = (baker.unwrap_or_default(), signer.unwrap_or_default());
        both.missing.extend(signer.missing);
        Ok(both)
    }
}
