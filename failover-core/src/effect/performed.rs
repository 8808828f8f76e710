//! What came of a step.

use crate::nonces::Merged;
use crate::permit::ClaimAnswer;
use crate::signer::{DeviceState, KeyState, Raised};

/// What a step did that is worth writing down.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Performed {
    /// Marks before and after, where marks were raised; the same twice where they were only read.
    pub raised: Vec<Raised>,
    /// Where keys were unlocked to be read: the device, as it read then.
    pub read: Option<DeviceState>,
    /// Where seed nonces were merged: how many.
    pub nonces: Option<Merged>,
    /// Where the primary was claimed: what came of it.
    pub claim: Option<ClaimAnswer>,
    /// Where the passphrase was proved: the keys as they were while they were unlocked.
    pub unlocked: Vec<KeyState>,
    /// Where the primary got its job back without a permit there: why no script runs on it.
    pub no_script: Option<String>,
}

impl From<Vec<Raised>> for Performed {
    fn from(raised: Vec<Raised>) -> Self {
        Self { raised, ..Self::default() }
    }
}
