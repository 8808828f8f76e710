//! What a program of the person's is called for.

use std::fmt;

/// What a hook is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Hook {
    /// The primary was silent for so many levels that a failover may be due.
    Silent,
    /// Another machine signed, or the baker was denounced: this machine was stopped, and stays so.
    Duplicate,
    /// Something that signs was started on a machine that stands by, or could be again.
    Guard,
    /// This backup is not ready any more.
    NotReady,
}

impl Hook {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Silent, Self::Duplicate, Self::Guard, Self::NotReady];

    /// Its name, as the configuration has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::Duplicate => "duplicate",
            Self::Guard => "guard",
            Self::NotReady => "not_ready",
        }
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
