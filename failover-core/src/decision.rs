//! PURE: what to do next. The only place that knows the order of the steps, the ladder of the fence and the floor.
//!
//! [`decide`] takes [`Facts`](crate::facts::Facts), a [`Policy`] and the [`Progress`] of the run, and gives one [`Verdict`]. It reads no
//! clock, no file and no device; the same arguments give the same verdict.

mod arm;
mod bound;
mod evidence;
mod fence;
mod floor;
mod followed;
mod foreign;
mod former;
mod gate;
mod give_back;
mod heads;
mod keys;
pub mod ladder;
mod observe;
mod permit;
pub mod policy;
mod power;
mod preflight;
mod prepare;
mod progress;
mod ready;
mod refusal;
mod resume;
mod rumour;
mod run;
mod rung;
mod seen;
mod standby;
mod step;
mod unproven;
mod verdict;
mod vocabulary;

pub use bound::bound;
pub use fence::{Fence, Silence, fence};
pub use floor::floor;
pub use followed::Followed;
pub use foreign::{Foreign, consensus_marks, consensus_marks_of, foreign, shared};
pub use give_back::{ReturnAnswers, give_back};
pub use heads::{HeadAge, Judging, agreed_head, is_alone, pin_allows, renewed};
pub(crate) use keys::signing_keys;
pub use ladder::StepKind;
pub use permit::claimed;
pub use policy::{Policy, PolicyError, Quarantine, cap};
pub use progress::{FoundUnlocked, Kept, Missed, NonceOutcome, Noted, Progress, RefusedBefore, Started, ThisSession};
pub use refusal::{Alias, Refusal};
pub(crate) use refusal::{described, positions};
pub(crate) use resume::{denounced, is_running};
pub use rumour::rumours;
pub use run::{decide, is_open};
pub use rung::{Rung, RungKind};
pub use standby::{raise_by_hand, read_unlocked, standby_marks, usable};
pub use step::{Approved, Step};
pub(crate) use unproven::reads_since_refusal;
pub use verdict::{Resumed, Verdict};
pub(crate) use vocabulary::about;
pub use vocabulary::{Basis, Path, Statement, TooOld, WaitFor, Waiting, Word};
