//! A full disk under the journal: a file size limit, and a real filesystem of 64 KiB.
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use failover_core::clock::Timestamp;
use failover_core::journal::{self, JournalError, JournalFile};
use failover_core::state::{Duplicate, Latch, StateDir};
use failover_core::tezos::{ChainId, Kind, Level, Position};
use serde_json::{Value, json};

fn at() -> Timestamp {
    Timestamp::from_millis(1_795_316_400_000)
}

/// Runs one of the tests below in a process of its own, behind `wrapper`, in `folder`.
fn child(wrapper: &[&str], test: &str, folder: &Path) -> std::process::Output {
    let (program, args) = wrapper.split_first().unwrap();
    Command::new(program)
        .args(args)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env("FAILOVER_TEST_FULL", folder)
        .output()
        .unwrap()
}

fn folder() -> Option<PathBuf> {
    std::env::var_os("FAILOVER_TEST_FULL").map(PathBuf::from)
}

/// Fills the journal until there is no room, and sees that what is on the disk is whole, and can go on.
fn fill(path: &Path) {
    let mut journal = JournalFile::create(path).unwrap();
    let error = loop {
        if let Err(e) = journal.append(at(), &json!({"text": "x".repeat(3000)})) {
            break e;
        }
    };
    assert!(matches!(error, JournalError::Full { .. }), "{error}");
    assert!(journal.seq() > 0);
    let back: journal::Journal<Value> = journal::read(path).unwrap();
    assert_eq!((back.entries.len() as u64, back.torn), (journal.seq(), None), "the torn bytes are still there");
    // There is room for a short one, and it follows without a gap.
    let next = journal.append(at(), &json!({"text": "short"})).unwrap();
    let back: journal::Journal<Value> = journal::read(path).unwrap();
    assert_eq!((back.entries.len() as u64, back.torn), (next, None));
}

#[test]
fn child_under_a_limit() {
    let Some(folder) = folder() else { return };
    fill(&folder.join("j.jsonl"));
    println!("child done");
}

#[test]
fn a_file_size_limit_is_no_room() {
    let dir = tempfile::tempdir().unwrap();
    // 20 blocks of 512 bytes in dash, of 1024 in bash; without the trap the signal would end the process.
    let wrapper = ["sh", "-c", "trap '' XFSZ; ulimit -f 20; exec \"$0\" \"$@\""];
    let out = child(&wrapper, "full::child_under_a_limit", dir.path());
    let said = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success() && said.contains("child done"), "{said}{}", String::from_utf8_lossy(&out.stderr));
}

#[test]
fn child_on_a_small_filesystem() {
    let Some(folder) = folder() else { return };
    fill(&folder.join("j.jsonl"));

    // Nothing at all fits any more: the latch still latches.
    let state = StateDir::open(folder.join("state")).unwrap();
    let filler = folder.join("filler");
    let mut length = 0;
    while fs::write(&filler, vec![b'x'; length + 4096]).is_ok() {
        length += 4096;
    }
    let duplicate = Duplicate {
        at: at(),
        chain: ChainId::MAINNET,
        baker: "tz4NTHPSqmuoo3o8BnQK5Bjhe9GxCUNvNkEh".parse().unwrap(),
        kind: Kind::Block,
        position: Position::start_of(Level::FIRST),
        evidence: "seen".to_owned(),
    };
    state.latch_duplicate(&duplicate).unwrap();
    assert!(matches!(state.latch(), Latch::Unknown(_)), "{:?}", state.latch());
    // No half-written file is left beside.
    let names: Vec<_> = fs::read_dir(state.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    println!("child done");
}

#[test]
fn a_full_filesystem_is_no_room() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    // A mount namespace of its own: the filesystem goes when the process does. Without root, a user namespace.
    let script =
        "mount -t tmpfs -o size=64k,mode=700 tmpfs \"$FAILOVER_TEST_FULL\" && echo mounted && exec \"$0\" \"$@\"";
    for flags in ["-m", "-rm"] {
        let out = child(&["unshare", flags, "sh", "-c", script], "full::child_on_a_small_filesystem", folder);
        let said = String::from_utf8_lossy(&out.stdout);
        if said.contains("mounted") {
            assert!(
                out.status.success() && said.contains("child done"),
                "{said}{}",
                String::from_utf8_lossy(&out.stderr)
            );
            return;
        }
    }
    eprintln!("not tested: this machine lets nobody mount a small filesystem; the file size limit was tested");
}
