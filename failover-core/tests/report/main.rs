//! The report, drawn from the journals of real rehearsals.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod ends;
mod pages;
mod steps;
mod support;
mod tags;
mod unknown;
