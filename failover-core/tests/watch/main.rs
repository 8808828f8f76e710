//! The watch on simulated worlds: the real protocol code, both signers, hours in seconds.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test's helpers may stop it like the test itself"
)]

mod alone;
mod denounced;
mod duplicate;
mod ends;
mod hooks;
mod judging;
mod ready;
mod rumours;
mod sentinel;
mod support;
mod zombie;
