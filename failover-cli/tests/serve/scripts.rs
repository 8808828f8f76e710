//! The examples that drive the program from a script, as they are, on a served world: by records and exit codes alone.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::crash::cut;
use crate::examples::{alone, switched, untouched, wanted, with_person};
use crate::world::{Signer, World};

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

/// A run that was killed before is taken up again: the exit code says so, and the script does it.
fn script_resumes(with: &str, name: &str) {
    let world = World::new(Signer::TezSign);
    let is_raised = |record: &Value| record["record"] == "after" && record["step"] == "raise";
    assert!(cut(&world, &world.plan(), is_raised));
    let (exit, shown) = with_person(script(with, name, &world), |line| wanted(line, "Then type "));
    assert_eq!(exit, 0, "{shown}");
    switched(&world);
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
fn a_python_script_takes_up_a_run_that_was_cut() {
    script_resumes("python3", "watch_a_run.py");
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
fn a_shell_script_takes_up_a_run_that_was_cut() {
    script_resumes("sh", "planned_switch.sh");
}

#[test]
fn a_shell_script_ends_with_the_programs_exit_code() {
    script_tells_why_not("sh", "planned_switch.sh");
}
