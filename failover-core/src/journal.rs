//! The journal of a run: what was about to be done, and what came of it, on the disk before an effect is tried and after it
//! is known (S6). The screen, the JSON and the report are drawn from the same [records](record).
//!
//! [`JournalFile`] writes, [`read`] reads; the lines themselves, and what a cut leaves of them, are [`jsonl`](crate::jsonl)'s.
//! The state folder has one file a run. [`PreviousRun`] is what an interrupted run left.

mod outcome;
mod previous_run;
pub mod record;
mod runs;

pub use crate::jsonl::{Entry, Journal, JournalError, JournalFile, MAX_BYTES, MAX_LINE, VERSION, read};
pub use previous_run::{PreviousRun, apply, is_over};
pub(crate) use runs::name_of;

use crate::clock::Timestamp;
use record::Record;

/// Where records go: the journal first, then the screen.
pub trait Recorder: Send {
    /// Writes a record down, durably, before it returns (S6).
    ///
    /// # Errors
    /// The record is not on disk.
    fn record(&mut self, at: Timestamp, record: &Record) -> Result<(), JournalError>;
}

/// The journal alone: nobody is shown anything.
impl Recorder for JournalFile<Record> {
    fn record(&mut self, at: Timestamp, record: &Record) -> Result<(), JournalError> {
        self.append(at, record).map(drop)
    }
}
