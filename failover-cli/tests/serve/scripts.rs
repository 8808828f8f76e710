//! The examples that drive the program from a script, as they are, on a served world: by records and exit codes alone.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::crash::cut;
use crate::examples::{Person, WAYS, alone, is_raised, kill, stays_stopped, switched, untouched, wanted, with_person};
use crate::world::{Signer, World, until};

/// A script of the examples, as a person runs it on this world.
fn script(with: &str, name: &str, world: &World) -> Command {
    let file: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../examples", name].iter().collect();
    let mut command = Command::new(with);
    command.arg(file).arg(env!("CARGO_BIN_EXE_failover")).arg(world.config());
    alone(command)
}

/// Both scripts: what is asked, that another answer does nothing, and a whole run.
fn script_switches(with: &str, name: &str) {
    let world = World::new(Signer::TezSign);
    let statement = |line: &str| wanted(line, "Then type ");
    let (exit, shown) = with_person(script(with, name, &world), move |line| statement(line).map(|_| "yes".to_owned()));
    assert_eq!(exit, 8, "{shown}");
    untouched(&world);
    assert!(world.journals().is_empty(), "no run was begun");
    let (exit, shown) = with_person(script(with, name, &world), statement);
    assert_eq!(exit, 0, "{shown}");
    assert!(shown.contains("stop-primary") && shown.contains("start"), "{shown}");
    switched(&world);
}

/// A run that is unfinished from before is a person's to decide about: it is named, and nothing is asked, begun or resumed.
fn script_finds_an_unfinished_run(with: &str, name: &str) {
    let world = World::new(Signer::TezSign);
    assert!(cut(&world, &world.plan(), is_raised));
    let left = world.journal();
    let (exit, shown) = with_person(script(with, name, &world), |line| wanted(line, "Then type "));
    assert_eq!(exit, 6, "{shown}");
    let run = world.journals().pop().unwrap().display().to_string();
    for says in ["a run was interrupted", &*run, WAYS] {
        assert!(shown.contains(says), "{says}: {shown}");
    }
    assert!(!shown.contains("Then type"), "{shown}");
    assert_eq!(world.journal(), left);
    assert!(!world.bakes("backup") && world.book().backup == 0);
}

/// The script with its person, until its run has written this down.
fn script_until(with: &str, name: &str, world: &World, came: impl Fn(&Value) -> bool) -> Person {
    let person = Person::at(script(with, name, world), |line| wanted(line, "Then type "));
    until("the run comes so far", || world.journal().iter().any(&came));
    person
}

/// A signal to the script alone is passed on to its run, which ends by itself; that is not taken up again.
fn script_is_stopped(with: &str, name: &str) {
    for signal in ["TERM", "INT", "HUP"] {
        let world = World::new(Signer::TezSign);
        // Two silent levels before it would start: time enough for a signal on a busy machine.
        let stopped = |record: &Value| record["record"] == "after" && record["step"] == "stop-primary";
        let person = script_until(with, name, &world, stopped);
        person.signal(signal);
        let (exit, shown) = person.ended();
        assert_eq!(exit, 6, "{signal}: {shown}");
        for says in ["stopped by the person", WAYS] {
            assert!(shown.contains(says), "{signal}: {says}: {shown}");
        }
        assert_eq!(world.journal().last().unwrap()["record"], "end");
        stays_stopped(&world);
    }
}

/// While a person is asked there is no run yet: a signal is an answer, and it is no.
fn script_is_stopped_in_a_question(with: &str, name: &str) {
    let world = World::new(Signer::TezSign);
    let statement = |line: &str| wanted(line, "Then type ");
    let (person, comes) = Person::silent_at(script(with, name, &world), statement, |_| true);
    comes.recv().unwrap();
    person.signal("TERM");
    let (exit, shown) = person.ended();
    assert!(exit == 8 && shown.contains("nothing was done"), "{exit}: {shown}");
    untouched(&world);
    assert!(world.journals().is_empty(), "no run was begun");
}

/// A run that is killed leaves no last line: what it leaves is looked up, and left.
fn script_loses_its_run(with: &str, name: &str) {
    let world = World::new(Signer::TezSign);
    let person = script_until(with, name, &world, is_raised);
    let status = world.call(&["status"]);
    let running = status.named("status").into_iter().find(|line| line["what"] == "running").unwrap();
    let (_, pid) = running["says"].as_str().unwrap().split_once("process ").unwrap();
    kill("KILL", pid.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap());
    let (exit, shown) = person.ended();
    assert_eq!(exit, 6, "{shown}");
    assert!(shown.contains("a run was interrupted") && shown.contains("`failover stand-down`"), "{shown}");
    assert_ne!(world.journal().last().unwrap()["record"], "end");
    stays_stopped(&world);
}

/// A Ledger's setting is stated by a person; what the end says is shown whole, with the prompt that is still on the screen.
fn script_states_the_setting(with: &str, name: &str) {
    let world = World::new(Signer::Ledger);
    let no = |line: &str| wanted(line, "Then type ").map(|wanted| wanted.replace("enabled", "yes"));
    let (exit, shown) = with_person(script(with, name, &world), no);
    assert_eq!((exit, shown.matches("Then type").count()), (8, 2), "{shown}");
    untouched(&world);
    assert!(world.journals().is_empty(), "no run was begun");
    world.event(&json!({ "device": ["backup", { "nobody-presses": true }] }));
    let asked = |record: &Value| record["record"] == "before" && record["step"] == "authorize";
    let person = script_until(with, name, &world, asked);
    until("the prompt is on the screen", || world.call(&["hwm", "show"]).code != 0);
    person.signal("TERM");
    let (exit, shown) = person.ended();
    assert_eq!(exit, 6, "{shown}");
    let end = world.journal().pop().unwrap();
    for says in ["message", "next"] {
        let says = end[says].as_str().unwrap();
        assert!(shown.contains(says), "{says}: {shown}");
    }
    assert!(shown.contains("stopped by the person; a prompt is on the screen"), "{shown}");
    stays_stopped(&world);
}

/// What is quoted in a sentence is a part of it.
fn script_shows_it_whole(with: &str, name: &str) {
    let mut world = World::new(Signer::TezSign);
    world.configure(|text| {
        let lines = text.lines().map(|line| match line.starts_with("address = ") {
            true => r#"address = "a\"b\\c""#,
            false => line,
        });
        lines.collect::<Vec<_>>().join("\n")
    });
    let why = world.call(&["status"]).why();
    assert!(why.contains(r#""a\"b\\c" is not valid"#) && why.ends_with("at byte 1"), "{why}");
    let (exit, shown) = with_person(script(with, name, &world), |_| None);
    assert!(exit == 2 && shown.lines().any(|line| line.trim() == why), "{why}: {shown}");
    assert!(shown.contains("correct the line, then run `failover config check`"), "{shown}");
    untouched(&world);
}

/// Its own exit code is the program's, which is what it goes by.
fn script_tells_why_not(with: &str, name: &str) {
    let world = World::new(Signer::TezSign).never_used();
    let (exit, shown) = with_person(script(with, name, &world), |line| wanted(line, "Then type "));
    assert_eq!(exit, 3, "{shown}");
    assert!(
        shown.contains("was never pinned") && shown.contains("run `failover check` first"),
        "why, and what next: {shown}"
    );
    untouched(&world);
}

#[test]
fn a_python_script_switches_by_the_command_line_alone() {
    script_switches("python3", "watch_a_run.py");
}

#[test]
fn a_python_script_leaves_an_unfinished_run_to_a_person() {
    script_finds_an_unfinished_run("python3", "watch_a_run.py");
}

#[test]
fn a_python_script_that_is_stopped_stops_its_run_and_resumes_nothing() {
    script_is_stopped("python3", "watch_a_run.py");
}

#[test]
fn a_python_script_that_is_stopped_in_a_question_begins_nothing() {
    script_is_stopped_in_a_question("python3", "watch_a_run.py");
}

#[test]
fn a_python_script_whose_run_is_killed_says_what_is_left() {
    script_loses_its_run("python3", "watch_a_run.py");
}

#[test]
fn a_python_script_has_a_ledgers_setting_stated() {
    script_states_the_setting("python3", "watch_a_run.py");
}

#[test]
fn a_python_script_shows_what_is_quoted() {
    script_shows_it_whole("python3", "watch_a_run.py");
}

#[test]
fn a_python_script_ends_with_the_programs_exit_code() {
    script_tells_why_not("python3", "watch_a_run.py");
}

#[test]
fn a_shell_script_switches_by_the_command_line_alone() {
    script_switches("sh", "planned_switch.sh");
}

#[test]
fn a_shell_script_leaves_an_unfinished_run_to_a_person() {
    script_finds_an_unfinished_run("sh", "planned_switch.sh");
}

#[test]
fn a_shell_script_that_is_stopped_stops_its_run_and_resumes_nothing() {
    script_is_stopped("sh", "planned_switch.sh");
}

#[test]
fn a_shell_script_that_is_stopped_in_a_question_begins_nothing() {
    script_is_stopped_in_a_question("sh", "planned_switch.sh");
}

#[test]
fn a_shell_script_whose_run_is_killed_says_what_is_left() {
    script_loses_its_run("sh", "planned_switch.sh");
}

#[test]
fn a_shell_script_has_a_ledgers_setting_stated() {
    script_states_the_setting("sh", "planned_switch.sh");
}

#[test]
fn a_shell_script_shows_what_is_quoted() {
    script_shows_it_whole("sh", "planned_switch.sh");
}

#[test]
fn a_shell_script_ends_with_the_programs_exit_code() {
    script_tells_why_not("sh", "planned_switch.sh");
}
