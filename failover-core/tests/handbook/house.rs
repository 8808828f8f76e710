//! The house: which floor a module is on, what it may touch, how long a file may be. Facts of the tree, not habits.

use std::fs;
use std::path::PathBuf;

use crate::root;
use crate::sources::below;

/// Where the sources of a crate lie.
pub(crate) fn source_of(crate_name: &str) -> PathBuf {
    root().join(crate_name).join("src")
}

/// The sources of one part of the library.
fn part(name: &str) -> Vec<PathBuf> {
    let mut files = below(&source_of("failover-core").join(name));
    files.push(source_of("failover-core").join(format!("{name}.rs")));
    files
}

#[test]
fn what_decides_and_what_reports_reads_no_clock_no_file_no_network() {
    for file in ["decision", "report", "price"].into_iter().flat_map(part) {
        if file.ends_with("price/ask.rs") {
            continue;
        }
        let text = fs::read_to_string(&file).expect("a source");
        for banned in ["std::fs", "std::net", "std::process", "SystemTime", "Instant", "std::env", "std::io"] {
            assert!(!text.contains(banned), "{} uses {banned}", file.display());
        }
    }
}

/// The library has no code that is there for a simulation, and no feature for one.
#[test]
fn the_library_knows_no_simulator() {
    let manifest = fs::read_to_string(root().join("failover-core/Cargo.toml")).expect("the manifest");
    assert!(!manifest.contains("\nsim = "), "a feature for a simulation");
    for file in below(&source_of("failover-core")) {
        let text = fs::read_to_string(&file).expect("a source");
        assert!(!text.contains("failover_sim") && !text.contains("feature = \"sim\""), "{}", file.display());
    }
}

#[test]
fn no_file_is_too_long_to_read_in_one_sitting() {
    let root = root();
    for part in ["failover-core/src", "failover-sim/src", "failover-cli/src", "examples", "benches"] {
        if !root.join(part).is_dir() {
            continue;
        }
        for file in below(&root.join(part)) {
            let lines = fs::read_to_string(&file).expect("a source").lines().count();
            assert!(lines <= 400, "{} has {lines} lines", file.display());
        }
    }
}
