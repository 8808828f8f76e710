//! Permits and claims: of the runs for one baker, on whichever machines, at most one lives (S13).
//!
//! A run lives by a *permit*, a file of its own on its machine, and leaves a *claim* on every other machine that it knows.
//! Anybody may take permits away; nobody puts one back. No clock, no age and no machine-id is compared.
//!
//! # On disk
//! Everything of one machine lies under one [`Root`], whatever user and whatever state folder:
//!
//! | below the root | what it is |
//! |---|---|
//! | `effect.lock` | the *effect lock* of the machine: held around one effect that arms, and while permits are taken away |
//! | `CHAIN-BAKER/begun/RUN` | a run that has begun and has no permit yet: a stop takes it away, and no permit is made |
//! | `CHAIN-BAKER/permits/RUN` | a permit: one JSON line with the boot's id, so that one of another boot is void |
//! | `CHAIN-BAKER/ended/RUN` | a permit that was taken away, or whose run is over; `RUN.by` says who took it |
//! | `CHAIN-BAKER/claims/RUN` | the claim of a run of another machine |
//!
//! # Why at most one of two keeps its permit
//! Each run makes its own permit first. Then, on the other machine and under that machine's effect lock, it takes away every
//! permit and writes its claim. Only after that answer it looks for its own permit. Of two runs that reach each other, let
//! A's taking-away be the later of the two. B's was complete before, so A's own permit, which A made before it took
//! anything away, was there when B took away: it is gone, and A finds it gone. Where only one reaches the other, the one
//! that is reached loses its permit. Every effect that arms looks for the permit under the effect lock, before and after,
//! so that none begins after the permit was taken away and none is left standing.

use std::time::Duration;

mod claim;
mod disk;
mod effect_lock;
mod error;
mod permits;
mod prompt;
mod root;
mod run_id;
pub mod script;

pub use claim::{Claim, ClaimAnswer, ClaimOrder};
pub use effect_lock::EffectLock;
pub(crate) use error::ONE_MACHINE;
pub use error::PermitError;
pub use permits::{Permit, PermitKind, PermitState, Permits, RunPermit, hostname};
pub use prompt::PromptNote;
pub(crate) use prompt::PromptOf;
pub use root::Root;
pub use run_id::{RunId, RunIdError};

/// What arms waits as long for another command's effect on the same machine.
pub const ARMING_PATIENCE: Duration = Duration::from_secs(30);
/// A stop does as long, and for a run that it stopped to end: longer than what arms, so that it is not the one to give up
/// (S14). A prompt on a Ledger's screen is never waited for.
pub const STOP_PATIENCE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests;
