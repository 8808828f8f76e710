//! Whether a stop and a start would work, seen before anything is touched (S17).

use super::{BakerError, Startable};

/// What can be seen of a stop and a start before either is tried: a run that would fail there ends before it has stopped
/// the primary (S17). Nothing here changes anything.
pub trait Readiness {
    /// Would `stopped` be seen, if it were so? While one unit runs, a state says running, whatever else cannot be read.
    ///
    /// # Errors
    /// A unit or the process table cannot be read: what is stopped there could not be read back (S5).
    fn reads_back(&mut self) -> Result<(), BakerError>;

    /// May this user stop and change services there? `false`: it cannot be shown.
    ///
    /// # Errors
    /// See [`BakerError`].
    fn may_change(&mut self) -> Result<bool, BakerError>;

    /// Could the baker be started there?
    ///
    /// # Errors
    /// It cannot be read: unknown (S3).
    fn startable(&mut self) -> Result<Startable, BakerError>;
}
