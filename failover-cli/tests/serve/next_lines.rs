//! S18: the last line of every command names commands that a shell takes as they stand, for the same configuration.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::world::{Signer, World};

/// The commands that a sentence names: between backticks, or after a colon at its end.
fn commands(text: &str) -> Vec<String> {
    let quoted = text.split('`').skip(1).step_by(2).map(str::to_owned);
    let at_the_end = text.rsplit_once(": failover ").map(|(_, rest)| format!("failover {rest}"));
    quoted.chain(at_the_end.filter(|line| !line.contains('`'))).filter(|line| line.starts_with("failover ")).collect()
}

/// A shell in the same folder, without a terminal: the exit code, and what was said wrong.
fn shell(world: &World, line: &str) -> (i32, String) {
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_failover")).parent().unwrap().display();
    let output = Command::new("sh")
        .args(["-c", line])
        .env("PATH", format!("{folder}:{}", world.search()))
        .envs(crate::world::NOTHING_OF_THIS_USER)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn s18_the_commands_of_every_last_line_keep_the_configuration_and_are_taken_by_a_shell() {
    let world = World::new(Signer::TezSign);
    // A path that a shell would take apart.
    let odd = world.path("it's my baker.toml");
    std::fs::copy(world.config(), &odd).unwrap();
    let state = world.path("another state");
    let config = format!("--config {}", shlex::try_quote(odd.to_str().unwrap()).unwrap());
    let flags = format!("{config} --state {}", shlex::try_quote(state.to_str().unwrap()).unwrap());
    let call = |words: &[&str]| -> Value {
        let mut command = crate::world::program(&["--json", "--config"]);
        // As it was said, with all of its flags.
        let output = command.arg(&odd).arg("--state").arg(&state).args(words).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        serde_json::from_str(said.lines().last().unwrap_or_else(|| panic!("{words:?} says nothing"))).unwrap()
    };
    // In this order: each from where the one before has left the machines.
    let all: &[&[&str]] = &[
        &["resume"],
        &["return", "--yes"],
        &["check"],
        &["drill", "--scenario", "planned"],
        &["check"],
        &["status"],
        &["level"],
        &["activity"],
        &["devices"],
        &["hwm", "show"],
        &["config", "check"],
        &["guard", "status"],
        &["guard", "check"],
        &["guard", "install"],
        &["guard", "lift"],
        &["run", "--plan-only"],
        &["run", "--plan-only", "--emergency"],
        &["run"],
        &["hwm", "raise", "1"],
        &["disarm"],
        &["clear"],
        &["report"],
        &["standby"],
        &["stand-down"],
        &["run", "--yes"],
        &["status"],
        &["run"],
        &["stand-down"],
        &["return", "--yes"],
        &["standby", "--yes"],
    ];
    let mut named = 0;
    for words in all {
        let end = call(words);
        let next = end["next"].as_str().unwrap_or_else(|| panic!("{words:?}: {end}"));
        for line in commands(next) {
            // What another machine is told has that machine's own configuration.
            let after = next.split_once(&line).unwrap().1;
            if after.starts_with("` on ") || after.starts_with("` there") {
                continue;
            }
            named += 1;
            assert!(line.contains(&flags), "{words:?} forgets where it was: {line}");
            // Looked at by the program's own reading of its command line: nothing is done twice here.
            let (code, said) = shell(&world, &format!("{} --help", line.replace("LEVEL", "1")));
            assert!(code == 0 && !said.contains("error"), "{words:?}: {line}: {said}");
            if line.contains(" check")
                || line.contains(" level")
                || line.contains(" status")
                || line.contains(" activity")
            {
                let (code, said) = shell(&world, &line);
                assert!(code != 2 && !said.contains("no configuration"), "{words:?}: {line}: {code} {said}");
            }
        }
    }
    assert!(named > 12, "{named}");
}
