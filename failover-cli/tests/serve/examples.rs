//! The examples that read the operator's configuration, as they are, on a served world: a planned switch, and a raise.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::json;

use crate::world::{Signer, World};

/// An example's program, which `cargo test` puts beside this program's.
pub(crate) fn example(name: &str) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_failover")).parent().unwrap().join("examples").join(name);
    assert!(program.exists(), "{} is not built: run cargo build -p failover-cli --examples", program.display());
    alone(Command::new(program))
}

/// Nothing of this machine's is used.
pub(crate) fn alone(mut command: Command) -> Command {
    command.env("XDG_CONFIG_HOME", "/nonexistent").env_remove("TEZSIGN_UNLOCK_PASS").stdin(Stdio::null());
    command
}

/// Runs it with a person who types what `types` makes of each line that it shows: its exit code, and what it showed.
pub(crate) fn with_person(mut command: Command, types: impl Fn(&str) -> Option<String>) -> (i32, String) {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut keyboard = child.stdin.take().unwrap();
    let mut shown = String::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap) {
        eprintln!("{line}");
        if let Some(typed) = types(&line) {
            writeln!(keyboard, "{typed}").unwrap();
        }
        shown += &line;
        shown.push('\n');
    }
    (child.wait().unwrap().code().unwrap(), shown)
}

/// What is asked for at the end of a line after these words.
pub(crate) fn wanted(line: &str, words: &str) -> Option<String> {
    line.split_once(words).map(|(_, wanted)| wanted.to_owned())
}

/// The backup took over, and no position was signed twice: the book says so.
pub(crate) fn switched(world: &World) {
    let book = world.book();
    assert!(book.primary > 0 && book.backup > 0, "{book:?}");
    assert!(world.bakes("backup") && !world.bakes("primary"));
}

pub(crate) fn untouched(world: &World) {
    assert!(world.bakes("primary") && !world.bakes("backup") && world.book().backup == 0);
}

#[test]
fn a_switch_that_speaks_over_a_channel_takes_what_is_typed_in_full() {
    let world = World::new(Signer::TezSign);
    let switch = || {
        let mut command = example("planned_switch");
        command.arg(world.config());
        command
    };
    let asked = |line: &str| wanted(line, "  to be typed: ");
    let (exit, shown) = with_person(switch(), |line| asked(line).map(|wanted| wanted.to_uppercase()));
    assert_eq!((exit, shown.matches("to be typed").count()), (8, 1), "{shown}");
    untouched(&world);
    // Nobody sits at the other end: the input has ended.
    let nobody = switch().output().unwrap();
    assert_eq!(nobody.status.code(), Some(8), "{nobody:?}");
    untouched(&world);
    let (exit, shown) = with_person(switch(), asked);
    assert_eq!(exit, 0, "{shown}");
    for step in ["2  stop-primary", "5  raise", "6  start"] {
        assert!(shown.lines().any(|line| line == step), "{step}: {shown}");
    }
    switched(&world);
    // The records are in the journal like any run's, which `report` draws.
    world.call(&["report"]).ends(0);
    assert_eq!(world.journal().last().unwrap()["record"], "end");
}

#[test]
fn a_switch_is_not_planned_where_the_primary_does_not_answer() {
    let mut world = World::new(Signer::TezSign);
    world.configure(|text| {
        let (before, after) = text.split_once("[primary]").unwrap();
        format!("{before}{}", &after[after.find("[backup]").unwrap()..])
    });
    let mut command = example("planned_switch");
    let refused = command.arg(world.config()).output().unwrap();
    assert!(refused.status.code() == Some(1) && !refused.stderr.is_empty(), "{refused:?}");
    untouched(&world);
    assert!(world.journals().is_empty());
}

fn raise(world: &World) -> Output {
    let mut command = example("raise");
    command.arg(world.config());
    command.output().unwrap()
}

fn locked(world: &World) -> bool {
    world.call(&["hwm", "show"]).named("key").iter().all(|key| key["arming"] == "disarmed")
}

#[test]
fn every_signing_key_is_raised_to_ten_above_the_agreed_head() {
    let world = World::new(Signer::TezSign);
    let before = world.head();
    let raised = raise(&world);
    assert!(raised.status.success(), "{raised:?}");
    let text = String::from_utf8(raised.stdout).unwrap();
    for key in ["consensus", "companion"] {
        let line = text.lines().find(|line| line.starts_with(&format!("{key}: "))).unwrap();
        let level = line.rsplit_once(" before, (").unwrap().1.split_once(", 0) read back").unwrap().0;
        let level: u64 = level.replace(',', "").parse().unwrap();
        assert!((before + 10..=world.head() + 10).contains(&level), "{before}: {line}");
    }
    assert!(locked(&world));
    untouched(&world);
    // `failover return` compares with what was set last (S16).
    let history = std::fs::read_to_string(world.state().join("token-history.jsonl")).unwrap();
    assert_eq!(history.matches("\"event\":\"raised\"").count(), 1, "{history}");
}

#[test]
fn a_mark_that_is_higher_than_that_is_not_lowered_and_what_can_sign_is_not_raised() {
    let world = World::new(Signer::TezSign);
    let why = |refused: Output| {
        assert!(!refused.status.success() && refused.stdout.is_empty(), "{refused:?}");
        String::from_utf8(refused.stderr).unwrap()
    };
    world.call(&["hwm", "raise", &(world.head() + 90).to_string()]).ends(0);
    let lower = why(raise(&world));
    assert!(lower.contains("Lower") && locked(&world), "{lower}");
    // What can sign is no backup that waits.
    world.event(&json!({ "device": ["backup", "left-armed"] }));
    let armed = why(raise(&world));
    assert!(armed.contains("can sign now"), "{armed}");
}
