//! Every example runs, says what it should, and works on what it is given by argument.
#![cfg(all(feature = "sim", feature = "ledger", feature = "http"))]
#![expect(clippy::unwrap_used, reason = "a test's helpers may stop it like the test itself")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use failover_core::clock::{Clock, SystemClock};
use failover_core::signer::Model;
use failover_core::sim::serve::serve;
use failover_core::sim::{Side, World, WorldOptions};

/// The example's program, which `cargo test` and `cargo build --examples` put beside the tests.
fn example(name: &str) -> Command {
    let test = std::env::current_exe().unwrap();
    let program: PathBuf = test.parent().unwrap().parent().unwrap().join("examples").join(name);
    assert!(program.exists(), "{} is not built: run cargo build --examples --all-features", program.display());
    let mut command = Command::new(program);
    command.env_remove("TEZSIGN_UNLOCK_PASS");
    command
}

fn said(mut command: Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    assert!(status.success(), "{command:?}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

/// The lines of `text` that hold every one of `words`.
fn lines<'a>(text: &'a str, words: &[&str]) -> Vec<&'a str> {
    text.lines().filter(|line| words.iter().all(|word| line.contains(word))).collect()
}

/// The world that the examples simulate.
fn their_world() -> World {
    World::new(WorldOptions::new(Model::TezSign, 7))
}

#[test]
fn read_marks_shows_every_kind_of_every_key() {
    let text = said(example("read_marks"));
    let world = their_world();
    assert!(text.starts_with("TezSign 2026-04-30\n"), "{text}");
    for (_, key) in world.keys() {
        assert_eq!(lines(&text, &[&key.to_string()]).len(), 1, "{text}");
    }
    for kind in ["  block", "  preattestation", "  attestation"] {
        assert_eq!(lines(&text, &[kind]).len(), 2, "{text}");
    }
    assert_eq!(lines(&text, &["  block", "nothing signed"]).len(), 1, "a companion key signs no block: {text}");
}

#[test]
fn raise_marks_reads_them_back_above_the_head() {
    let text = said(example("raise_marks"));
    let floor = their_world().head_level().above(10);
    assert_eq!(lines(&text, &[" before, ", &format!("({floor}, 0) read back")]).len(), 2, "{text}");
}

#[test]
fn head_level_has_a_second_opinion() {
    let text = said(example("head_level"));
    assert_eq!(lines(&text, &[&format!("level {} of NetXdQprcVkpaWU", their_world().head_level())]).len(), 1, "{text}");
    assert!(text.contains("3 of its 3 peers"), "{text}");
}

#[test]
fn stop_a_baker_ends_with_what_is_stopped() {
    let text = said(example("stop_a_baker"));
    assert_eq!(lines(&text, &["running: ", "octez-baker (pid "]).len(), 1, "{text}");
    let last = text.lines().last().unwrap();
    assert!(last.starts_with("stopped: ") && last.contains("baker.service"), "{text}");
}

#[test]
fn plan_a_failover_asks_before_anything_is_done() {
    let text = said(example("plan_a_failover"));
    assert!(text.starts_with("next: Ask(Proceed"), "{text}");
    assert!(text.contains("path: Controlled"), "{text}");
    let floor = their_world().head_level().above(2 + 10);
    assert_eq!(text.lines().last().unwrap(), format!("floor of every mark: {floor}"));
}

#[test]
fn what_is_given_by_argument_is_asked_over_its_socket() {
    let folder = tempfile::tempdir().unwrap();
    let options = WorldOptions { begins: SystemClock.now(), block_seconds: 1, ..WorldOptions::new(Model::TezSign, 11) };
    let world = World::new(options);
    let served = serve(&world, folder.path(), Path::new("/bin/false")).unwrap();

    let mut head_level = example("head_level");
    head_level.arg(&served.node_url);
    assert!(said(head_level).starts_with(&format!("node {}: level ", served.node_url)));

    let head = world.head_level();
    let mut raise_marks = example("raise_marks");
    raise_marks.args([&served.backup_device, &head.get().to_string()]);
    raise_marks.env("TEZSIGN_UNLOCK_PASS", world.passphrase());
    let text = said(raise_marks);
    assert_eq!(lines(&text, &[&format!("({}, 0) read back", head.above(10))]).len(), 2, "{text}");

    let mut read_marks = example("read_marks");
    read_marks.arg(&served.backup_device);
    let text = said(read_marks);
    assert_eq!(lines(&text, &["locked: its marks are unknown, which is not zero"]).len(), 2, "{text}");

    // Ten levels above a head that is lower than the marks are already: a mark is never lowered.
    let mut lower = example("raise_marks");
    lower.args([&served.backup_device, &head.below(100).unwrap().get().to_string()]);
    lower.env("TEZSIGN_UNLOCK_PASS", world.passphrase());
    let Output { status, stderr, .. } = lower.output().unwrap();
    let stderr = String::from_utf8(stderr).unwrap();
    assert!(!status.success() && stderr.contains("Lower"), "{stderr}");
    let state = world.signer(Side::Backup).state().unwrap();
    assert!(state.keys.iter().all(|key| key.marks.is_none()), "locked again all the same: {state:?}");
}

#[test]
fn a_device_that_is_none_is_an_error() {
    let mut read_marks = example("read_marks");
    read_marks.arg("usb");
    let Output { status, stdout, stderr } = read_marks.output().unwrap();
    assert!(!status.success() && stdout.is_empty(), "{}", String::from_utf8_lossy(&stderr));
}
