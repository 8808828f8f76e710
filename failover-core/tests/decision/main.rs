//! The decision, one spoiled fact at a time.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod ages;
mod arms;
mod bound;
#[path = "../dice/mod.rs"]
mod dice;
mod edges;
mod floors;
mod gives_back;
mod heads;
mod invariants;
mod permits;
mod power;
mod preflight;
mod refuses;
mod resumes;
mod rumours;
mod rungs;
mod started;
mod strangers;
mod thresholds;
mod unproven;
mod verifies;
mod whose;
mod world;
