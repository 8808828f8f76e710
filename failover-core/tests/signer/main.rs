//! What is true of any signer: its marks, the orders that raise them, disarming, a signer that is new, and what holds for
//! any input.

mod disarm;
mod meanwhile;
mod orders;
mod properties;
mod raise;
#[path = "../ledger/recorded.rs"]
mod recorded;
mod recorded_marks;
mod soft;
mod watermark;
