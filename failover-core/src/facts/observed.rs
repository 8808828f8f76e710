//! `Observed` or `Unknown`, nothing between.

use std::fmt;

use crate::clock::Timestamp;

/// Something that was seen.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Observed<T> {
    /// What.
    pub value: T,
    /// Where it was read.
    pub source: String,
    /// When the reading was complete.
    pub at: Timestamp,
}

/// Why something is not known. A decision that needs it refuses with this.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Unknown {
    /// The reason, one clear sentence without its full stop.
    pub why: String,
    /// The next safe action.
    pub next: String,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

/// A fact: observed, or unknown with the reason.
pub type Fact<T> = Result<Observed<T>, Unknown>;
