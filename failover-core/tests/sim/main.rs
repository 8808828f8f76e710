//! The whole procedure on simulated worlds, many times: every scenario, every crash, many seeds.
//!
//! Some of it is a sample, so that it stays quick. `FAILOVER_PROOF=N` proves more: the whole crash table, and N random
//! worlds. A world that fails is printed as the command that replays it.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test's helpers may stop it like the test itself, and the crash table is printed"
)]

mod accusations;
mod bare_control;
mod crash;
mod crash_table;
#[path = "../embedder/mod.rs"]
mod embedder;
mod ends;
mod fence;
mod given_back;
mod guarded;
mod jolts;
mod late_unlock;
mod leads_out;
mod leads_table;
mod marks;
mod nonces;
mod panics;
mod preflight;
mod random;
mod refusals;
mod replugged;
mod requests;
mod returns;
mod rumours;
mod scenarios;
mod slow_looks;
mod sources;
mod started_again;
mod strangers;
mod support;
mod torn;
mod turns;
mod unready;
mod wires;
