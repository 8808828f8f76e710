//! The journal of a run: what was about to be done, and what came of it, on the disk before an effect is tried and after it
//! is known (S6). The screen, the JSON and the report are drawn from the same [records](record).
//!
//! [`JournalFile`] writes, [`read`] reads. The state folder has one file a run. [`PreviousRun`] is what an interrupted run left.
//!
//! What is on the disk after a cut, and what reading makes of it:
//!
//! | the cut falls | the file ends with | reading says | reopening does |
//! |---|---|---|---|
//! | before the write | the record before | all records | goes on |
//! | inside the write | a line without its end | all but that one, `torn` | truncates it, goes on |
//! | after the write, before the fsync returned | the whole line, nothing, or a part of it | as above | as above |
//! | after the fsync | the whole line | all records | goes on |
//!
//! A record whose `append` did not return never had its effect tried, so dropping a torn one loses nothing.

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
