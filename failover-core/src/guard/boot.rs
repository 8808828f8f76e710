//! The boot guard: what the service manager says about the services of a machine that must not bake.

use super::GuardNote;

/// Whether the signing services of a machine can start again: by a reboot, a restart, an upgrade or a person.
///
/// It is read from the units as the service manager has loaded them, never by trying a start.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase", tag = "state")]
#[must_use]
pub enum BootGuard {
    /// None can start: each was read to look for the token first, and the token is not there.
    Holds {
        /// Which units were read.
        units: Vec<String>,
        /// Who installed it, when and for what: the newest note of all units.
        note: GuardNote,
    },
    /// One may, or nothing keeps it from starting.
    Open {
        /// Each unit and what is missing there, in words.
        why: Vec<String>,
    },
}

impl BootGuard {
    /// Does it hold?
    #[must_use]
    pub const fn holds(&self) -> bool {
        matches!(self, Self::Holds { .. })
    }
}
