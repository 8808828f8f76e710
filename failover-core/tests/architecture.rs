//! The arrows go one way: what a part may import is a fact of the tree, not a habit.
#![expect(clippy::expect_used, reason = "a test stops at the first thing that is not as it should be")]

use std::fs;
use std::path::{Path, PathBuf};

fn sources(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    assert!(!found.is_empty(), "no sources below {}", root.display());
    found
}

/// Every module of this crate that a part names: `crate::x`.
fn imports(part: &str) -> Vec<(PathBuf, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = vec![src.join(format!("{part}.rs"))];
    if src.join(part).is_dir() {
        files.extend(sources(&src.join(part)));
    }
    let mut found = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("a source");
        for rest in text.lines().filter(|l| !l.trim_start().starts_with("//")).flat_map(|l| l.split("crate::").skip(1))
        {
            let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            found.push((file.clone(), name));
        }
    }
    found
}

fn only(part: &str, allowed: &[&str]) {
    for (file, name) in imports(part) {
        assert!(name == part || allowed.contains(&name.as_str()), "{} imports {name}", file.display());
    }
}

#[test]
fn the_decision_imports_facts_and_the_vocabulary_only() {
    only("decision", &["facts", "tezos"]);
}

#[test]
fn the_decision_reads_no_clock_no_file_no_network() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = sources(&src.join("decision"));
    files.push(src.join("decision.rs"));
    for file in files {
        let text = fs::read_to_string(&file).expect("a source");
        for banned in ["std::fs", "std::net", "std::process", "SystemTime", "Instant", "std::env", "std::io"] {
            assert!(!text.contains(banned), "{} uses {banned}", file.display());
        }
    }
}

#[test]
fn the_edges_know_nothing_of_the_procedure() {
    only("tezos", &[]);
    // Addresses of names: the system's resolver, within a time.
    only("names", &[]);
    only("signer", &["names", "tezos"]);
    only("chain", &["clock", "names", "tezos"]);
    only("host", &[]);
    only("mark_files", &["tezos"]);
    // The guard is a file and what it says; what ties a unit to it is an edge.
    only("guard", &["clock", "state", "tezos"]);
    only("nonces", &["tezos"]);
    // Whose run lives: files of this machine, and a script for another.
    only("permit", &["clock", "tezos"]);
    only("baker", &["clock", "guard", "host", "lock", "mark_files", "nonces", "permit", "tezos"]);
    only("operator", &["signer"]);
}

#[test]
fn the_price_decides_nothing() {
    only("price", &["chain", "clock", "facts", "tezos"]);
}

#[test]
fn the_report_reads_journals_and_nothing_reads_the_report() {
    let vocabulary = ["clock", "decision", "facts", "journal", "operator", "price", "state", "tezos"];
    only("report", &vocabulary);
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in sources(&src)
        .into_iter()
        .filter(|file| !file.starts_with(src.join("report")) && **file != src.join("report.rs"))
    {
        let text = fs::read_to_string(&file).expect("a source");
        assert!(!text.contains("crate::report"), "{} imports the report", file.display());
    }
    for file in sources(&src.join("report")) {
        let text = fs::read_to_string(&file).expect("a source");
        for banned in ["std::fs", "std::net", "std::process", "SystemTime", "Instant", "std::env", "std::io"] {
            assert!(!text.contains(banned), "{} uses {banned}", file.display());
        }
    }
}

#[test]
fn no_file_is_too_long_to_read_in_one_sitting() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for part in ["failover-core/src", "failover-sim/src", "failover-cli/src", "examples", "benches"] {
        if !root.join(part).is_dir() {
            continue;
        }
        for file in sources(&root.join(part)) {
            let lines = fs::read_to_string(&file).expect("a source").lines().count();
            assert!(lines <= 400, "{} has {lines} lines", file.display());
        }
    }
}
