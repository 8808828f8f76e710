//! What others do while a run goes on, and after which of its records; and where a session is cut off.

use failover_core::journal::record::Record;

/// Where a session is killed: nothing more of it is done, not even a disarm.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Cut {
    /// As soon as a record for which this holds is on disk.
    When(fn(&Record) -> bool),
    /// As soon as the record with this index is on disk; a session's first has 0.
    After(usize),
    /// When the record with this index would be written: what it tells has happened, and it is not on disk.
    Before(usize),
}

/// What somebody else does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// `failover stand-down` in a second shell (H24).
    StandsDown,
    /// The run's permit is taken away, and no more yet: a stop's first instant.
    TakesAway,
    /// A run goes on at the other machine: it holds its lock there, and has its permit (H23).
    RunsThere,
    /// A run of the other machine claims this one, and does not see the lock that is held here: it is in another
    /// `/run/lock` (H23).
    Claims,
    /// A machine that has copies of this one's files takes this run's claim on the other machine for one of its own, and
    /// puts another in its place.
    ReplacesTheClaim,
    /// Somebody removes this run's claim on the other machine.
    RemovesTheClaim,
    /// A process dies between unlock and lock: this one, where it is cut off there (H44).
    LeavesUnlocked,
}

impl Act {
    /// Does it take this run's permit away?
    #[must_use]
    pub const fn stops(self) -> bool {
        matches!(self, Self::StandsDown | Self::TakesAway | Self::Claims)
    }
}

/// Somebody acts when this record is on disk.
#[derive(Debug, Clone, Copy)]
pub struct Then {
    /// After which record; each once.
    pub when: Cut,
    /// What happens.
    pub act: Act,
}
