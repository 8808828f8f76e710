//! What a run costs, counted: processes and threads that it starts, and connections to the primary.

use std::collections::{HashMap, HashSet};
use std::process::{Command, Stdio};

use crate::said::Said;
use crate::ssh::over_ssh;
use crate::world::{Signer, World, finish, nobody_else};

/// Children and threads that a process started, from `strace -f -e trace=clone,clone3,vfork,fork`.
fn started(trace: &str) -> (usize, usize) {
    let (mut children, mut threads) = (0, HashSet::new());
    let mut begun: HashMap<u32, &str> = HashMap::new();
    for line in trace.lines() {
        let Some((pid, call)) = line.trim_start().split_once(' ') else { continue };
        let Ok(pid) = pid.parse::<u32>() else { continue };
        if threads.is_empty() {
            threads.insert(pid);
        }
        let makes = ["clone", "vfork", "fork("].iter().any(|name| call.contains(name));
        if !threads.contains(&pid) || !makes {
            continue;
        }
        if call.contains("<unfinished") {
            begun.insert(pid, call);
            continue;
        }
        let flags = format!("{}{call}", begun.remove(&pid).unwrap_or_default());
        let Some(made) = call.rsplit(" = ").next().and_then(|made| made.trim().parse().ok()) else { continue };
        if flags.contains("CLONE_THREAD") {
            threads.insert(made);
        } else {
            children += 1;
        }
    }
    (children, threads.len().saturating_sub(1))
}

/// Runs the program under strace.
fn traced(world: &World, args: &[&str]) -> (Said, usize, usize) {
    let there = Command::new("strace").arg("-V").stdout(Stdio::null()).status();
    assert!(there.is_ok_and(|status| status.success()), "there is no strace: install the Debian package strace");
    let program = world.program(args);
    let trace = world.path("trace");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-e", "trace=clone,clone3,vfork,fork", "-o"]).arg(&trace).arg(program.get_program());
    strace.args(program.get_args()).stdin(Stdio::null());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => strace.env(name, value),
            None => strace.env_remove(name),
        };
    }
    let said = finish(&mut strace);
    let (children, threads) = started(&std::fs::read_to_string(trace).unwrap());
    (said, children, threads)
}

#[test]
fn a_local_run_starts_few_processes_and_threads() {
    let world = World::new(Signer::TezSign);
    let plan = world.plan();
    let nobody = nobody_else(&plan);
    let (said, children, threads) =
        traced(&world, &["run", "--yes", "--confirm-disconnected", &plan, "--confirm-no-other-run", &nobody]);
    said.ends(0);
    println!("a local run: {children} children, {threads} threads");
    assert!(children > 0 && children <= 80, "{children} children");
    assert!(threads > 0 && threads <= 100, "{threads} threads");
}

#[test]
fn a_plan_over_ssh_is_one_connection_and_a_run_one_more() {
    let (world, sshd) = over_ssh();
    let before = sshd.logins();
    world.call(&["check"]);
    assert_eq!(sshd.logins() - before, 1, "check");
    let plan = world.plan();
    assert_eq!(sshd.logins() - before, 2, "a plan");
    let nobody = nobody_else(&plan);
    let said = world.call(&["run", "--yes", "--confirm-disconnected", &plan, "--confirm-no-other-run", &nobody]);
    said.ends(0);
    assert!(said.steps().contains(&"stop-primary".to_owned()));
    assert_eq!(sshd.logins() - before, 3, "a run");
}

/// `ufw limit ssh`: the sixth connection from one address within 30 s is refused.
#[test]
fn a_limit_on_connections_does_not_make_a_living_primary_dead() {
    let (world, sshd) = over_ssh();
    sshd.limit(6, 30);
    let plan = world.call(&["run", "--plan-only"]);
    assert_eq!(plan.named("plan")[0]["path"], "controlled", "{plan:?}");
    let run = world.run();
    let end = run.ends(0);
    assert_eq!(end["resumed"]["path"], "controlled", "{end}");
    assert!(!world.bakes("primary") && world.book().backup > 0);
}
