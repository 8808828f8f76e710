//! The program as a process: what it says, and how it exits.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "what helps a test may stop it too")]

mod activity;
mod config;
mod config_new;
mod disarming;
mod drill;
mod film;
#[expect(clippy::expect_used, reason = "the samples are what they are")]
#[path = "../../../benches/full_block.rs"]
mod full_block;
mod hwm;
mod keyboard;
mod level;
mod prompt;
mod report;
mod support;
mod svg;
mod terminal;
#[expect(clippy::expect_used, reason = "a tool that is missing stops a test")]
mod tmux;
mod unit;
mod usage;
