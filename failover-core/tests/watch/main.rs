//! The watch on simulated worlds: the real protocol code, both signers, hours in seconds.
#![cfg(feature = "sim")]
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test's helpers may stop it like the test itself"
)]

mod alone;
mod duplicate;
mod ends;
mod judging;
mod sentinel;
mod support;
mod zombie;
