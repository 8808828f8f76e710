//! Which machine is which: an address can move, a machine-id does not (H19).

use std::collections::BTreeMap;
use std::fmt;

use crate::clock::Timestamp;
use crate::host::HostIdentity;

/// What a machine is in the procedure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The one that baked until now.
    Primary,
    /// The one that takes over: this machine.
    Backup,
    /// The machine of a remote signer of the primary.
    Signer,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Primary => "primary",
            Self::Backup => "backup",
            Self::Signer => "signer",
        })
    }
}

/// One machine, as `failover check` saw it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// How it was reached: an ssh destination, or the name of this machine.
    pub host: String,
    /// Which machine it said it is.
    pub identity: HostIdentity,
    /// When it was pinned.
    pub at: Timestamp,
}

/// All pinned machines.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pins {
    /// One machine a role.
    pub machines: BTreeMap<Role, Pin>,
}

impl Pins {
    /// The machine pinned for a role.
    #[must_use]
    pub fn get(&self, role: Role) -> Option<&Pin> {
        self.machines.get(&role)
    }
}
