//! Which machine it is (H19).

use super::BakerError;
use crate::host::HostIdentity;

/// Which machine is controlled, read there. An address that moved leads to another one, or to this one itself (H19); an
/// image of one has the same machine-id (H33). Without it a primary's state says nothing.
pub trait MachineIdentity {
    /// Which machine this is, to be compared with the one that was pinned.
    ///
    /// # Errors
    /// It cannot be read: unknown (S3).
    fn identity(&mut self) -> Result<HostIdentity, BakerError>;
}
