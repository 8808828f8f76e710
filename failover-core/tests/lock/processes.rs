//! The lock between real processes, killed ones included, and against what could lie in its place.
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use failover_core::clock::Timestamp;
use failover_core::lock::{FileLock, Holder, LockError};
use failover_core::tezos::{ChainId, KeyHash};

fn baker() -> KeyHash {
    "tz4NTHPSqmuoo3o8BnQK5Bjhe9GxCUNvNkEh".parse().unwrap()
}

fn who() -> Holder {
    Holder::this("failover run", Timestamp::from_millis(1_795_316_400_000), Some("K7MPQ2".parse().unwrap()))
}

fn acquire(folder: &Path) -> Result<FileLock, LockError> {
    FileLock::acquire_in(folder, ChainId::MAINNET, baker(), &who())
}

fn file(folder: &Path) -> std::path::PathBuf {
    folder.join("failover-NetXdQprcVkpaWU-tz4NTHPSqmuoo3o8BnQK5Bjhe9GxCUNvNkEh.lock")
}

/// The other process of the tests below; does nothing unless one of them starts it.
#[test]
fn child_holds_the_lock() {
    let Some(folder) = std::env::var_os("FAILOVER_TEST_LOCK") else { return };
    let _lock = acquire(Path::new(&folder)).unwrap();
    println!("locked");
    // Until the test closes the pipe, or kills this process.
    let _ = std::io::stdin().lock().read_line(&mut String::new());
}

fn holding(folder: &Path) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "processes::child_holds_the_lock", "--nocapture"])
        .env("FAILOVER_TEST_LOCK", folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().ends_with("locked")), "the child never locked");
    child
}

#[test]
fn another_process_is_named_and_its_death_frees_the_lock() {
    let dir = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        let mut child = holding(dir.path());
        let Err(LockError::Held { holder }) = acquire(dir.path()) else { panic!("both hold it") };
        assert_eq!(holder, Holder { pid: Some(child.id()), ..who() });
        let said = format!("`failover run`, process {}, since 2026-11-22T03:00:00Z, plan K7MPQ2", child.id());
        assert_eq!(holder.to_string(), said);

        child.kill().unwrap();
        child.wait().unwrap();
        let lock = acquire(dir.path()).unwrap();
        assert!(lock.holds());
        assert!(fs::read_to_string(lock.path()).unwrap().contains(&std::process::id().to_string()));
    }
}

#[test]
fn an_earlier_holders_words_are_not_taken_for_the_present_ones() {
    let dir = tempfile::tempdir().unwrap();
    let words = r#"{"pid":1,"command":"failover run","since":"2020-01-01T00:00:00Z","plan":null}"#;
    for words in [words, "", "\u{1b}[2J not json", "{}", "[]"] {
        fs::write(file(dir.path()), words).unwrap();
        // flock(1) knows nothing of what is in the file.
        let mut other = Command::new("flock")
            .arg(file(dir.path()))
            .args(["sh", "-c", "echo locked; read _"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        BufReader::new(other.stdout.take().unwrap()).read_line(&mut String::new()).unwrap();

        let Err(LockError::Held { holder }) = acquire(dir.path()) else { panic!("both hold it") };
        assert_ne!(holder.pid, Some(1), "{holder}");
        assert_eq!(holder.since, None, "{holder}");
        drop(other.stdin.take());
        other.wait().unwrap();
    }
}

#[test]
fn it_is_a_lock_for_one_baker_of_one_chain() {
    let dir = tempfile::tempdir().unwrap();
    let lock = acquire(dir.path()).unwrap();
    assert!(matches!(acquire(dir.path()), Err(LockError::Held { .. })));
    let other: KeyHash = "tz1VSUr8wwNhLAzempoch5d6hLRiTh8Cjcjb".parse().unwrap();
    drop(FileLock::acquire_in(dir.path(), ChainId::MAINNET, other, &who()).unwrap());
    drop(FileLock::acquire_in(dir.path(), ChainId::new([1, 2, 3, 4]), baker(), &who()).unwrap());
    drop(lock);
    drop(acquire(dir.path()).unwrap());
}

#[test]
fn everybody_can_lock_it_whatever_the_umask() {
    let dir = tempfile::tempdir().unwrap();
    drop(acquire(dir.path()).unwrap());
    assert_eq!(fs::metadata(file(dir.path())).unwrap().permissions().mode() & 0o777, 0o644);
}

#[test]
fn what_is_no_lock_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path());
    let victim = dir.path().join("victim");
    fs::write(&victim, "precious").unwrap();
    symlink(&victim, &path).unwrap();
    assert!(matches!(acquire(dir.path()), Err(LockError::Suspicious { .. })));
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    fs::remove_file(&path).unwrap();

    symlink(dir.path().join("nowhere"), &path).unwrap();
    assert!(matches!(acquire(dir.path()), Err(LockError::Suspicious { .. })));
    fs::remove_file(&path).unwrap();

    // Opening a pipe for reading would wait for ever.
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    assert!(matches!(acquire(dir.path()), Err(LockError::Suspicious { .. })));
    fs::remove_file(&path).unwrap();

    fs::create_dir(&path).unwrap();
    assert!(matches!(acquire(dir.path()), Err(LockError::Suspicious { .. })));

    let nowhere = dir.path().join("no/such/folder");
    assert!(matches!(acquire(&nowhere), Err(LockError::System { .. })));
}

#[test]
fn a_lock_whose_file_was_taken_away_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let lock = acquire(dir.path()).unwrap();
    fs::remove_file(file(dir.path())).unwrap();
    assert!(!lock.holds());
    let again = acquire(dir.path()).unwrap();
    assert!(again.holds() && !lock.holds());
}
