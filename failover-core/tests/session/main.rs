//! What every program that runs the procedure is asked, and not the command line alone.
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]

#[cfg(feature = "config")]
mod config;
#[path = "../embedder/mod.rs"]
mod embedder;
#[cfg(feature = "config")]
mod open;
mod parts;
mod people;
