//! Two files with one inode number on two devices: a lock on the one is none on the other (S7, S13).
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use failover_core::clock::Timestamp;
use failover_core::lock::{FileLock, Holder};
use failover_core::permit::script;
use failover_core::tezos::{ChainId, Curve, KeyHash};

const CHAIN: ChainId = ChainId::MAINNET;
const BAKER: KeyHash = KeyHash::new(Curve::Bls, [3; 20]);

fn lock_in(folder: &Path) -> FileLock {
    FileLock::acquire_in(folder, CHAIN, BAKER, &Holder::this("failover run", Timestamp::from_millis(0), None)).unwrap()
}

/// What a look of another machine's run is told.
fn look(lock: &Path, root: &Path) -> String {
    let root = root.to_string_lossy();
    let words = [&*root, "baker", &lock.to_string_lossy(), "run", "claim", "-", "-", "0", "somebody", "elsewhere"];
    let out = Command::new("sh").args(["-c", script::CLAIM, script::NAME]).args(words).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

/// Run by the test below, in a namespace with two new filesystems.
#[test]
fn child_between_two_filesystems() {
    let Some(folder) = std::env::var_os("FAILOVER_TEST_TWO").map(PathBuf::from) else { return };
    let (here, there) = (folder.join("here"), folder.join("there"));
    let held = lock_in(&here);
    // Let go, and its file stays.
    let path = lock_in(&there).path().to_owned();
    assert_eq!(fs::metadata(&path).unwrap().ino(), fs::metadata(held.path()).unwrap().ino());
    assert!(FileLock::is_held_in(&here, CHAIN, BAKER));
    assert!(!FileLock::is_held_in(&there, CHAIN, BAKER));
    assert!(look(held.path(), &folder).starts_with("run "), "{}", look(held.path(), &folder));
    assert_eq!(look(&path, &folder).trim(), "free");
    println!("child done");
}

#[test]
fn a_lock_on_another_device_with_the_same_number_is_no_lock() {
    let dir = tempfile::tempdir().unwrap();
    for side in ["here", "there"] {
        fs::create_dir(dir.path().join(side)).unwrap();
    }
    let script = "for side in here there; do mount -t tmpfs -o size=64k,mode=700 tmpfs \"$FAILOVER_TEST_TWO/$side\" || exit 1; \
                  done; echo mounted; exec \"$0\" \"$@\"";
    // A mount namespace of its own; without root, a user namespace.
    for flags in ["-m", "-rm"] {
        let mut command = Command::new("unshare");
        command.args([flags, "sh", "-c", script]).arg(std::env::current_exe().unwrap());
        command.args(["--exact", "same_number::child_between_two_filesystems", "--nocapture"]);
        let out = command.env("FAILOVER_TEST_TWO", dir.path()).output().unwrap();
        let said = String::from_utf8_lossy(&out.stdout);
        if said.contains("mounted") {
            let wrong = String::from_utf8_lossy(&out.stderr);
            assert!(out.status.success() && said.contains("child done"), "{said}{wrong}");
            return;
        }
    }
    eprintln!("not tested: this machine lets nobody mount a filesystem");
}
