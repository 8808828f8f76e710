//! The record of the last drill, which `failover check` asks for.

use crate::clock::Timestamp;

/// The last drill.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drill {
    /// When it ended.
    pub at: Timestamp,
    /// Which scenario.
    pub scenario: String,
    /// Which signer: `tezsign` or `ledger`.
    pub signer: String,
    /// Its exit code.
    pub exit: u8,
    /// Which version of this program.
    pub version: String,
}
