//! What is written is true: the handbook and the code say the same, the examples run, the house is built as it is drawn.
#![expect(clippy::panic, clippy::expect_used, clippy::indexing_slicing, reason = "what helps a test may stop it too")]

mod deadlines;
mod examples;
mod floors;
mod hazards;
mod house;
mod pages;
mod sources;
mod surface;
mod what_may_grow;

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A file of this repository, by its path from the root.
fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}
