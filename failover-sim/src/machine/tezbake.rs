//! `tezbake start` and `stop`, as they really are (2026-02): root only, node first, and the first failure ends it.

use std::time::Duration;

use super::command::{Command, Ran};
use super::{Job, Machine};
use failover_core::clock::Timestamp;

/// How long systemd waits for a node that does not stop.
const NODE_STOP_TIMEOUT: Duration = Duration::from_secs(300);

/// Runs `tezbake ARGS`.
pub(crate) fn run(machine: &mut Machine, now: Timestamp, command: Command<'_>) -> Ran {
    let Some(verb) = command.args.iter().find(|arg| !arg.starts_with('-')) else { return Ran::new(148, "", "") };
    let some = command.args.contains(&"--node") || command.args.contains(&"--signer");
    let node = !some || command.args.contains(&"--node");
    let signer = !some || command.args.contains(&"--signer");
    match *verb {
        "start" | "stop" if !command.root => Ran::new(151, "", "elevation required\n"),
        "start" => start(machine, now, node, signer),
        "stop" => stop(machine, node, signer),
        "version" => Ran::ok("tezbake 1.0.0\n"),
        // Errors are dropped there, so that its exit code says nothing.
        "info" => Ran::ok("{\"node\":{\"level\":\"error\",\"chain_head\":{\"level\":0}},\"signer\":{}}\n"),
        _ => Ran::new(153, "", "unsupported\n"),
    }
}

fn names(machine: &Machine, jobs: &[Job]) -> Vec<String> {
    machine.units.iter().filter(|unit| jobs.contains(&unit.job)).map(|unit| unit.name.clone()).collect()
}

fn start(machine: &mut Machine, now: Timestamp, node: bool, signer: bool) -> Ran {
    let mut jobs = Vec::new();
    if node {
        jobs.extend([Job::Node, Job::Baker, Job::Accuser]);
    }
    if signer {
        jobs.extend([Job::Signer, Job::TezSign]);
    }
    // Everything that is installed, where nothing is named (seen on TezBake 2026-04).
    if node && signer {
        jobs.push(Job::Pay);
    }
    for name in names(machine, &jobs) {
        if !machine.start(&name, now) {
            return Ran::new(25, "", format!("failed to start {name}: Assertion failed on job for {name}.service.\n"));
        }
    }
    Ran::ok("")
}

fn stop(machine: &mut Machine, node: bool, signer: bool) -> Ran {
    if node {
        if machine.node_stop_fails {
            let mut ran = Ran::new(26, "", "failed to stop the node: timeout\n");
            ran.took = NODE_STOP_TIMEOUT;
            return ran;
        }
        for name in names(machine, &[Job::Node, Job::Baker, Job::Accuser]) {
            machine.stop(&name);
        }
    }
    if signer {
        for name in names(machine, &[Job::Signer, Job::TezSign]) {
            machine.stop(&name);
        }
    }
    if node && signer {
        for name in names(machine, &[Job::Pay]) {
            machine.stop(&name);
        }
    }
    Ran::ok("")
}
