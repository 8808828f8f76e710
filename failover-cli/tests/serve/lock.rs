//! One failover at a time across machines (S7), with a real etcd. The other machine is a process with a state folder and a
//! root of its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Stdio};

use failover_core::clock::{Clock as _, SystemClock};
use failover_core::lock::Holder;
use failover_core::lock::etcd::{EtcdLock, EtcdOptions};
use failover_core::tezos::{ChainId, KeyHash};
use serde_json::Value;

use crate::etcd::{Etcd, signal};
use crate::said::Said;
use crate::world::{Signer, World, finish, program, until};

fn with_etcd() -> (World, Etcd) {
    let (mut world, etcd) = (World::new(Signer::TezSign), Etcd::new());
    world.configure(|text| format!("{text}\n[lock]\netcd = [{:?}]\n", etcd.url()));
    until("etcd has a leader", || EtcdLock::look(&options(&etcd), ChainId::MAINNET, baker(&world)).is_ok());
    (world, etcd)
}

fn options(etcd: &Etcd) -> EtcdOptions {
    EtcdOptions::new(vec![etcd.url().parse().unwrap()])
}

fn baker(world: &World) -> KeyHash {
    world.json()["baker"].as_str().unwrap().parse().unwrap()
}

/// The program on another machine, as far as its locks and permits go: they lie beside the state that its configuration names.
fn elsewhere(world: &World, args: &[&str]) -> Said {
    let text = std::fs::read_to_string(world.config()).unwrap();
    let (state, config) = (world.path("elsewhere"), world.path("elsewhere.toml"));
    let moved = text.replacen(&world.state().display().to_string(), &state.display().to_string(), 1);
    std::fs::write(&config, moved).unwrap();
    finish(program(&["--json", "--config"]).arg(config).args(args))
}

/// A run in the background, and what it says as it says it.
struct Run {
    process: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
    records: Vec<Value>,
}

impl Run {
    fn new(world: &World, args: &[&str]) -> Self {
        let mut process = world.program(args).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines, records: Vec::new() }
    }

    fn next(&mut self) -> Option<&Value> {
        let line = self.lines.next()?.unwrap();
        self.records.push(serde_json::from_str(&line).unwrap());
        self.records.last()
    }

    fn until(&mut self, name: &str, step: &str) {
        while let Some(record) = self.next() {
            if record["record"] == name && record["step"] == step {
                return;
            }
        }
        panic!("it never came to {name} {step}: {:#?}", self.records);
    }

    /// To its end: the last record, and what was tried from now on.
    fn end(mut self, code: i32) -> (Value, Vec<String>) {
        let from = self.records.len();
        while self.next().is_some() {}
        let status = self.process.wait().unwrap();
        assert_eq!(status.code(), Some(code), "{:#?}", self.records);
        let tried = self.records[from..].iter().filter(|record| record["record"] == "before");
        let tried = tried.map(|record| record["step"].as_str().unwrap().to_owned()).collect();
        (self.records.pop().unwrap(), tried)
    }
}

fn cannot_sign(world: &World) {
    let shown = world.call(&["hwm", "show"]);
    assert!(shown.named("key").iter().all(|key| key["arming"] == "disarmed"), "{shown:?}");
    assert!(!world.bakes("backup") && world.book().backup == 0);
}

#[test]
fn two_people_on_two_machines() {
    let (world, etcd) = with_etcd();
    let plan = world.plan();
    let mut first = Run::new(&world, &["run", "--yes", "--confirm-disconnected", &plan]);
    first.until("after", "stop-primary");
    let second = elsewhere(&world, &["run", "--yes"]);
    second.ends(7);
    let (why, pid) = (second.why(), first.process.id());
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    assert!(
        why.contains("holds the lock in etcd") && why.contains(&format!("on {}, process {pid},", host.trim())),
        "{why}"
    );
    // What arms is refused there, and what disarms is not. The run that is refused left nothing to resume.
    let resumed = elsewhere(&world, &["resume"]);
    resumed.ends(2);
    assert_eq!(resumed.why(), "no run was interrupted");
    elsewhere(&world, &["return", "--yes"]).ends(7);
    elsewhere(&world, &["clear"]).ends(0);
    let check = elsewhere(&world, &["check"]);
    check.ends(4);
    let lock = check.named("check").into_iter().find(|look| look["what"] == "lock").unwrap();
    assert!(lock["ready"] == false && lock["says"].as_str().unwrap().contains(&format!("process {pid}")), "{lock}");
    first.end(0);
    let locks = &world.journal()[0]["locks"];
    assert!(locks[0]["lock"].as_str().unwrap().ends_with(".lock") && locks[0].get("token").is_none(), "{locks}");
    assert!(locks[1]["lock"].as_str().unwrap().starts_with("etcd /failover/") && locks[1]["token"].is_u64(), "{locks}");
    assert_eq!(EtcdLock::look(&options(&etcd), ChainId::MAINNET, baker(&world)).unwrap(), None, "given back");
    assert!(world.book().backup > 0);
}

#[test]
fn a_run_that_was_frozen_past_its_lease_stops_itself() {
    let (world, etcd) = with_etcd();
    let plan = world.plan();
    let mut run = Run::new(&world, &["run", "--yes", "--confirm-disconnected", &plan]);
    run.until("after", "raise");
    signal(run.process.id(), "STOP");
    let look = || EtcdLock::look(&options(&etcd), ChainId::MAINNET, baker(&world)).unwrap();
    until("its lease runs out", || look().is_none());
    let who = Holder::this("failover run by somebody else", SystemClock.now(), None);
    let other = EtcdLock::acquire(&options(&etcd), ChainId::MAINNET, baker(&world), &who).unwrap();
    signal(run.process.id(), "CONT");
    let (end, tried) = run.end(7);
    assert_eq!(tried, Vec::<String>::new());
    let said = end["message"].as_str().unwrap();
    assert!(said.contains("the lock was lost") && said.contains("by somebody else"), "{end}");
    assert!(end["next"].as_str().unwrap().contains("failover resume"), "{end}");
    assert_eq!(world.journal().iter().rev().find(|r| r["record"] == "disarmed").unwrap()["proven"], true);
    cannot_sign(&world);
    // As long as the other one is at it, it is not taken up again; afterwards it is.
    world.call(&["resume", "--yes", "--confirm-disconnected", &plan]).ends(7);
    drop(other);
    world.call(&["resume", "--yes", "--confirm-disconnected", &plan]).ends(0);
    assert!(world.book().backup > 0);
}

#[test]
fn etcd_that_is_down_at_the_start_is_not_ready_and_gates_no_stand_down() {
    let (world, mut etcd) = with_etcd();
    etcd.kill();
    let run = world.call(&["run", "--yes"]);
    assert!(run.ends(4)["next"].as_str().unwrap().contains("Only where nobody else"), "{run:?}");
    assert!(run.why().contains("etcd does not answer"), "{run:?}");
    assert!(world.bakes("primary") && world.journals().is_empty());
    let check = world.call(&["check"]);
    check.ends(4);
    let lock = check.named("check").into_iter().find(|look| look["what"] == "lock").unwrap();
    assert!(lock["ready"] == false && lock["says"].as_str().unwrap().contains("does not answer"), "{lock}");
    world.call(&["clear"]).ends(0);
    world.call(&["stand-down"]).ends(0);
    cannot_sign(&world);
}

#[test]
fn etcd_that_dies_in_the_middle_stops_the_run_before_its_start() {
    let (world, mut etcd) = with_etcd();
    let plan = world.plan();
    let mut run = Run::new(&world, &["run", "--yes", "--confirm-disconnected", &plan]);
    run.until("after", "raise");
    // The run sleeps meanwhile, so that its lease is over by its own clock when it goes on.
    etcd.kill();
    signal(run.process.id(), "STOP");
    let begun = std::time::Instant::now();
    until("its lease is over", || begun.elapsed().as_secs() > 15);
    signal(run.process.id(), "CONT");
    let (end, tried) = run.end(7);
    assert_eq!(tried, Vec::<String>::new());
    let said = end["message"].as_str().unwrap();
    assert!(said.contains("etcd could not be asked") && said.contains("this machine's clock"), "{end}");
    cannot_sign(&world);
    etcd.start();
    until("its old lease is over", || {
        EtcdLock::look(&options(&etcd), ChainId::MAINNET, baker(&world)).is_ok_and(|held| held.is_none())
    });
    world.call(&["resume", "--yes", "--confirm-disconnected", &plan]).ends(0);
    assert!(world.book().backup > 0);
}
