//! Every example of this package runs, says what it should, and works on what it is given by argument. Those that read the
//! operator's configuration are failover-cli's, and so are their tests.
#![cfg(all(feature = "ledger", feature = "http"))]
#![expect(clippy::unwrap_used, reason = "a test's helpers may stop it like the test itself")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use failover_core::clock::{Clock, SystemClock};
use failover_core::guard::{Guard, Lift};
use failover_core::signer::Model;
use failover_core::state::StateDir;
use failover_sim::serve::serve;
use failover_sim::{World, WorldOptions};

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
fn guarded_start_starts_nothing_without_a_token() {
    let text = said(example("guarded_start"));
    assert_eq!(lines(&text, &["new: this machine is guarded"]).len(), 1, "{text}");
    assert_eq!(lines(&text, &["lifted: may bake, on the statement"]).len(), 1, "{text}");
    assert_eq!(lines(&text, &["taken: this machine is guarded"]).len(), 1, "{text}");
    let folder = tempfile::tempdir().unwrap();
    let state = StateDir::open(folder.path().join("state")).unwrap();
    let start = |folder: &Path| {
        let mut command = example("guarded_start");
        command.arg(folder).args(["echo", "the baker runs"]);
        command.output().unwrap()
    };
    for no_token in [state.path(), Path::new("/nonexistent")] {
        let Output { status, stdout, .. } = start(no_token);
        assert!(status.code() == Some(3) && stdout.is_empty(), "{status}");
    }
    let leave = Lift::stated("mybaker", &Lift::sentence("mybaker")).unwrap();
    Guard::new(state.path()).lift(&leave, SystemClock.now()).unwrap();
    let Output { status, stdout, .. } = start(state.path());
    let stdout = String::from_utf8(stdout).unwrap();
    assert!(status.success() && stdout.ends_with("\nthe baker runs\n"), "{stdout}");
}

#[test]
fn custom_signer_is_raised_and_never_lowered() {
    let text = said(example("custom_signer"));
    let head = World::new(WorldOptions::new(Model::Ledger, 7)).head_level();
    let raised = format!("file: (15000000, 0) before, ({}, 0) read back", head.above(10));
    assert_eq!(lines(&text, &[&raised]).len(), 1, "{text}");
    assert!(text.lines().last().unwrap().contains("a mark is never lowered"), "{text}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mark");
    // Unknown is an error, and is not overwritten with what somebody would like it to be (S3).
    for unknown in ["", "0", "-1", "15000000x"] {
        std::fs::write(&file, unknown).unwrap();
        let mut command = example("custom_signer");
        command.arg(&file).args(["15000020", "15000000"]);
        assert!(!command.output().unwrap().status.success(), "{unknown}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), unknown);
    }
    std::fs::write(&file, "15000000").unwrap();
    let mut command = example("custom_signer");
    command.arg(&file).args(["15000020", "15000000"]);
    said(command);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "15000020\n");
}

#[test]
fn dashboard_shows_what_is_known_and_what_is_not() {
    let text = said(example("dashboard"));
    let world = their_world();
    let head = world.head_level();
    assert_eq!(lines(&text, &["chain: ", &format!("level {head} of NetXdQprcVkpaWU")]).len(), 1, "{text}");
    for (role, key) in world.keys() {
        assert_eq!(lines(&text, &["keys: ", &format!("{} {key}", role.name())]).len(), 1, "{text}");
    }
    assert_eq!(lines(&text, &["signed: ", &format!("attestation ({}, 0)", head.below(3).unwrap())]).len(), 1, "{text}");
    assert_eq!(lines(&text, &["device: ", "consensus can sign"]).len(), 1, "{text}");
    assert_eq!(lines(&text, &["services: running: ", "octez-baker"]).len(), 1, "{text}");
    // Nothing answers there: every part is unknown, one by one, and none is 0.
    let mut nobody = example("dashboard");
    nobody.args(["http://127.0.0.1:1", &world.baker().to_string(), "tezsign+unix:/nonexistent/t.sock"]);
    nobody.env("PATH", "/nonexistent");
    let text = said(nobody);
    assert_eq!((text.lines().count(), lines(&text, &[": unknown: "]).len()), (5, 5), "{text}");
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

    let mut read_marks = example("read_marks");
    read_marks.arg(&served.backup_device);
    let text = said(read_marks);
    assert_eq!(lines(&text, &["locked: its marks are unknown, which is not zero"]).len(), 2, "{text}");
}

#[test]
fn a_device_that_is_none_is_an_error() {
    let mut read_marks = example("read_marks");
    read_marks.arg("usb");
    let Output { status, stdout, stderr } = read_marks.output().unwrap();
    assert!(!status.success() && stdout.is_empty(), "{}", String::from_utf8_lossy(&stderr));
}
