//! The state folder: what this machine remembers between runs.
//!
//! `/var/lib/failover` unless told otherwise, for its owner only:
//!
//! | file | what it holds |
//! |---|---|
//! | `journals/` | one journal a run, named by its UTC time and its plan |
//! | `plan.json` | the plan that was shown last, good for ten minutes |
//! | `duplicate.json` | the latch: a foreign signature was seen; stays until `failover clear` (S8) |
//! | `pins.json` | which machine is which, pinned by `failover check` (H19) |
//! | `head.json` | the head that independent sources last agreed on: it bounds later ones (S4) |
//! | `drill.json` | the last drill |
//! | `drill.jsonl` | its journal, for its report |
//! | `ACTIVE` | the guard's token, see [`guard`](crate::guard) |
//! | `token-history.jsonl` | when it was put there and taken away, marks that were raised by hand, completed standbys |
//!
//! Each file is written beside its place, fsynced and renamed, so that it is the old one or the new one after a
//! cut, never a half. A file that is there and cannot be read is an error, never the same as none (S3).

mod disk;
mod drill;
mod duplicate;
mod error;
mod folder;
mod head;
mod pins;
mod plan;
mod stamp;

pub use disk::replace;
pub(crate) use disk::{read, remove, text, write};
pub use drill::Drill;
pub use duplicate::{Clearance, Duplicate, Latch};
pub use error::StateError;
pub use folder::StateDir;
pub use head::HeadPin;
pub use pins::{Pin, Pins, Role};
pub use plan::{About, PlanError, PlanId, PlanIdError, ShownPlan};
pub(crate) use stamp::compact;
