//! A file of JSON lines that is only ever added to, and that survives a cut at every byte: a run's [journal](crate::journal),
//! the [history](crate::guard::HistoryEvent) of the guard's token.
//!
//! A line is an envelope around a record of whatever type the caller gives:
//! `{"v":1,"seq":7,"at":"2026-11-22T03:00:00Z", ...the record's own fields}`. [`JournalFile`] writes,
//! [`read`] reads. The line number is the record's number.

mod error;
mod file;
mod scan;

pub use error::JournalError;
pub use file::JournalFile;
pub use scan::{Entry, Journal, read};

/// The version of the envelope. A reader refuses newer ones rather than guess.
pub const VERSION: u32 = 1;

/// How large a journal can become, in bytes: a run writes some hundred kilobytes, a watch some megabytes.
pub const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// How long one line can be, in bytes, its newline included.
pub const MAX_LINE: usize = 1024 * 1024;
