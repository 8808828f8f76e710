//! The examples that read the operator's configuration, as they are, on a served world: a planned switch, and a raise.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;

use serde_json::{Value, json};

use crate::crash::cut;
use crate::world::{Signer, World, until};

/// An example's program, which `cargo test` puts beside this program's.
pub(crate) fn example(name: &str) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_failover")).parent().unwrap().join("examples").join(name);
    assert!(program.exists(), "{} is not built: run cargo build -p failover-cli --examples", program.display());
    alone(Command::new(program))
}

/// Nothing of this machine's is used.
pub(crate) fn alone(mut command: Command) -> Command {
    command.envs(crate::world::NOTHING_OF_THIS_USER).env_remove("TEZSIGN_UNLOCK_PASS").stdin(Stdio::null());
    command
}

/// An example in progress, with a person at it.
pub(crate) struct Person {
    child: Child,
    shown: JoinHandle<String>,
}

impl Person {
    /// Types what `types` makes of each line that is shown.
    pub(crate) fn at(mut command: Command, types: impl Fn(&str) -> Option<String> + Send + 'static) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (mut keyboard, out) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let shown = std::thread::spawn(move || {
            let mut shown = String::new();
            for line in BufReader::new(out).lines().map(Result::unwrap) {
                eprintln!("{line}");
                if let Some(typed) = types(&line) {
                    writeln!(keyboard, "{typed}").unwrap();
                }
                shown += &crate::said::without_configuration(&line);
                shown.push('\n');
            }
            shown
        });
        Self { child, shown }
    }

    /// Types nothing at what is `waited` for: that it is asked comes over the channel.
    pub(crate) fn silent_at(
        command: Command,
        types: impl Fn(&str) -> Option<String> + Send + 'static,
        waited: impl Fn(&str) -> bool + Send + 'static,
    ) -> (Self, Receiver<()>) {
        let (tell, comes) = channel();
        let types = move |line: &str| {
            let wanted = types(line)?;
            if waited(&wanted) {
                tell.send(()).unwrap();
                return None;
            }
            Some(wanted)
        };
        (Self::at(command, types), comes)
    }

    /// Sends this signal to the example alone.
    pub(crate) fn signal(&self, name: &str) {
        kill(name, self.child.id());
    }

    /// Its exit code, and what it showed.
    pub(crate) fn ended(mut self) -> (i32, String) {
        let shown = self.shown.join().unwrap();
        (self.child.wait().unwrap().code().unwrap(), shown)
    }
}

pub(crate) fn kill(name: &str, pid: u32) {
    assert!(Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status().unwrap().success());
}

/// Runs it with a person to its end: its exit code, and what it showed.
pub(crate) fn with_person(command: Command, types: impl Fn(&str) -> Option<String> + Send + 'static) -> (i32, String) {
    Person::at(command, types).ended()
}

/// What is asked for at the end of a line after these words.
pub(crate) fn wanted(line: &str, words: &str) -> Option<String> {
    line.split_once(words).map(|(_, wanted)| wanted.to_owned())
}

/// The marks are raised, and nothing is started yet.
pub(crate) fn is_raised(record: &Value) -> bool {
    record["record"] == "after" && record["step"] == "raise"
}

/// What a person stopped stays stopped: one run, its end, and nothing after it.
pub(crate) fn stays_stopped(world: &World) {
    assert_eq!(world.journals().len(), 1);
    let journal = world.journal();
    assert!(!journal.iter().any(|record| record["record"] == "resume" || record["step"] == "start"), "{journal:#?}");
    assert!(!world.bakes("backup") && !world.bakes("primary") && world.book().backup == 0);
    assert!(world.call(&["status"]).out.contains("a run was interrupted"));
}

/// Both ways out of a run that is unfinished.
pub(crate) const WAYS: &str = "run `failover resume` to go on, or `failover stand-down`";

/// The backup took over, and no position was signed twice: the book says so.
pub(crate) fn switched(world: &World) {
    let book = world.book();
    assert!(book.primary > 0 && book.backup > 0, "{book:?}");
    assert!(world.bakes("backup") && !world.bakes("primary"));
}

pub(crate) fn untouched(world: &World) {
    assert!(world.bakes("primary") && !world.bakes("backup") && world.book().backup == 0);
}

/// The switch over a channel.
fn switch(world: &World, resume: bool) -> Command {
    let mut command = example("planned_switch");
    command.arg(world.config()).args(resume.then_some("--resume"));
    command
}

fn asked(line: &str) -> Option<String> {
    wanted(line, "  to be typed: ")
}

#[test]
fn a_switch_that_speaks_over_a_channel_takes_what_is_typed_in_full() {
    let world = World::new(Signer::TezSign);
    let (exit, shown) = with_person(switch(&world, false), |line| asked(line).map(|wanted| wanted.to_uppercase()));
    assert_eq!((exit, shown.matches("to be typed").count()), (8, 1), "{shown}");
    untouched(&world);
    // Nobody sits at the other end: the input has ended.
    let nobody = switch(&world, false).output().unwrap();
    assert_eq!(nobody.status.code(), Some(8), "{nobody:?}");
    untouched(&world);
    let (exit, shown) = with_person(switch(&world, false), asked);
    assert_eq!(exit, 0, "{shown}");
    for step in ["2  stop-primary", "5  raise", "6  start"] {
        assert!(shown.lines().any(|line| line == step), "{step}: {shown}");
    }
    switched(&world);
    // The records are in the journal like any run's, which `report` draws.
    world.call(&["report"]).ends(0);
    assert_eq!(world.journal().last().unwrap()["record"], "end");
}

/// The program owns the signals, and hands them to the run: it disarms, ends and is resumed by nobody but a person.
#[test]
fn a_switch_that_is_stopped_ends_interrupted_and_is_taken_up_by_a_persons_word() {
    for signal in ["TERM", "INT", "HUP"] {
        let world = World::new(Signer::TezSign);
        let run = Person::at(switch(&world, false), asked);
        until("the run comes so far", || world.journal().iter().any(is_raised));
        run.signal(signal);
        let (exit, shown) = run.ended();
        assert_eq!((exit, shown.contains(&format!("stopped by the person; {WAYS}"))), (6, true), "{signal}: {shown}");
        assert!(locked(&world));
        stays_stopped(&world);
        if signal == "TERM" {
            let (exit, shown) = with_person(switch(&world, false), asked);
            assert!(exit == 6 && shown.contains("was interrupted") && shown.contains(WAYS), "{shown}");
            assert!(!shown.contains("to be typed"), "{shown}");
            stays_stopped(&world);
            let (exit, shown) = with_person(switch(&world, true), asked);
            assert_eq!(exit, 0, "{shown}");
            switched(&world);
            assert_eq!(world.journals().len(), 1, "it is the same run");
        }
    }
}

/// A question is a wait like any other: a signal ends it, and nobody has answered.
#[test]
fn a_switch_that_is_stopped_in_a_question_ends_at_once() {
    let world = World::new(Signer::TezSign);
    let (run, comes) = Person::silent_at(switch(&world, false), asked, |_| true);
    comes.recv().unwrap();
    run.signal("TERM");
    let (exit, shown) = run.ended();
    // At its first question the run has done nothing, so there is nothing to resume.
    assert!(exit == 8 && shown.contains("nothing was done"), "{exit}: {shown}");
    assert!(!world.journal().iter().any(|record| record["record"] == "asked"), "nobody has answered");
    untouched(&world);
}

#[test]
fn a_switch_finds_a_run_that_was_killed_and_nothing_to_resume_where_there_is_none() {
    let world = World::new(Signer::TezSign);
    let none = switch(&world, true).output().unwrap();
    assert!(none.status.code() == Some(1) && String::from_utf8_lossy(&none.stderr).contains("no run was interrupted"));
    untouched(&world);
    assert!(cut(&world, &world.plan(), is_raised));
    let left = world.journal();
    let (exit, shown) = with_person(switch(&world, false), asked);
    let run = world.journals().pop().unwrap().display().to_string();
    assert!(exit == 6 && shown.contains(&run) && shown.contains(WAYS), "{exit}: {shown}");
    assert_eq!(world.journal(), left);
    assert!(!world.bakes("backup"));
    let (exit, shown) = with_person(switch(&world, true), asked);
    assert_eq!(exit, 0, "{shown}");
    switched(&world);
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
