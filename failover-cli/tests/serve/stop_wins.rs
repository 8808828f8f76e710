//! Stop wins (S14, H24): a stop in a second shell ends a run, whatever it is at, and nothing of it starts afterwards.

use std::process::{Child, Stdio};

use crate::said::Said;
use crate::world::{Signer, World, finish, host, program, until};

/// A run in the background, which has come as far as this.
fn run_until(world: &World, step: &str) -> Child {
    let plan = world.plan();
    let args = ["run", "--yes", "--confirm-ledger-setting", &plan, "--confirm-disconnected", &plan];
    let child = world.program(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until("the run comes so far", || {
        world.journal().iter().any(|record| record["record"] == "after" && record["step"] == step)
    });
    child
}

fn ended(child: Child) -> Said {
    let output = child.wait_with_output().unwrap();
    Said::of(output)
}

fn never_started(world: &World) {
    assert!(!world.bakes("backup"));
    assert!(!world.journal().iter().any(|record| record["step"] == "start"), "{:#?}", world.journal());
    let shown = world.call(&["hwm", "show"]);
    assert!(shown.named("key").iter().all(|key| key["arming"] == "disarmed"), "{shown:?}");
    assert_eq!(world.book().backup, 0);
    world.call(&["guard", "check"]).ends(3);
}

/// Seen on the version before: `stand-down` ended 0, and 22 s later the run started the baker.
#[test]
fn h24_a_stop_while_a_run_waits_for_silence() {
    let here = host();
    let stops: [&[&str]; 4] =
        [&["stand-down"], &["disarm"], &["guard", "install", "--stop", &here], &["standby", "--yes", "--stop", &here]];
    std::thread::scope(|scope| {
        for stop in stops {
            scope.spawn(move || {
                let world = World::new(Signer::TezSign);
                let run = run_until(&world, "raise");
                let stopped = world.call(stop);
                assert!([0, 4].contains(&stopped.code), "{stop:?}: {stopped:?}");
                let said = ended(run);
                assert_eq!(said.code, 8, "{stop:?}: {said:?}");
                assert!(said.out.contains(&format!("failover {}", stop[0])), "it says by whom: {said:?}");
                never_started(&world);
                // What was stopped is over: nothing is left to resume, and a new run can begin.
                world.call(&["resume"]).ends(8);
                world.plan();
            });
        }
    });
}

/// While the baker already runs and is verified: it is stopped, and the run says so.
#[test]
fn h24_a_stop_while_a_run_verifies() {
    let world = World::new(Signer::TezSign);
    let run = run_until(&world, "start");
    world.call(&["stand-down"]).ends(0);
    let said = ended(run);
    assert_eq!(said.code, 8, "{said:?}");
    assert!(!world.bakes("backup"));
}

/// A stop needs no state folder that can be used.
#[test]
fn a_stop_without_a_state_folder() {
    let world = World::new(Signer::TezSign);
    let run = run_until(&world, "raise");
    let mut stop = program(&["--json", "--config"]);
    let stopped = finish(stop.arg(world.path("failover.toml")).args(["--state", "/proc/no-such", "stand-down"]));
    assert_eq!(stopped.named("disarmed").len(), 1, "{stopped:?}");
    assert_eq!(ended(run).code, 8);
    assert!(!world.bakes("backup") && world.book().backup == 0);
}

/// On the machine that bakes a wrong name stops nothing.
#[test]
fn h43_a_stop_of_the_machine_that_bakes_needs_its_name() {
    let world = World::new(Signer::TezSign);
    let there = |args: &[&str]| {
        let mut command = program(&["--json", "--config"]);
        finish(command.arg(world.path("primary.toml")).args(args))
    };
    there(&["standby", "--yes"]).ends(3);
    there(&["standby", "--yes", "--stop", "another"]).ends(2);
    there(&["guard", "install", "--stop", "another"]).ends(2);
    there(&["guard", "install"]).ends(4);
    assert!(world.bakes("primary"));
}
