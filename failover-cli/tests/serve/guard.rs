//! `guard install`, `status`, `check` and `lift`, on the backup of a served world.

use std::path::Path;

use failover_core::clock::{Clock as _, SystemClock};
use failover_core::lock::{FileLock, Holder};
use failover_core::permit::Root;
use failover_core::state::{Clearance, Duplicate, StateDir};
use failover_core::tezos::{ChainId, Kind, Level, Position};
use failover_sim::NODE_UNIT;
use serde_json::json;

use crate::said::Said;
use crate::world::{Signer, World, drilled, finish, program};

const SENTENCE: &str = "I have made sure that no other machine signs for mybaker. This machine may bake.";
const BAKER: &str = "bb-default-node-xtz-baker";

fn boot(said: &Said) -> String {
    let [record] = &said.named("boot-guard")[..] else { panic!("not one boot guard: {said:?}") };
    record["state"].as_str().unwrap().to_owned()
}

fn reboot(world: &World) {
    world.event(&json!({ "power-off": "backup" }));
    world.event(&json!({ "power-on": "backup" }));
    crate::world::until("the backup is up", || {
        world.exec("backup", &["systemctl", "is-active", "bb-default-node-xtz-node"]).stdout.trim() == "active"
    });
}

#[test]
fn a_guard_is_installed_shown_asked_and_lifted() {
    let world = World::new(Signer::TezSign).never_used();
    assert_eq!(world.exec("backup", &["systemctl", "enable", BAKER]).code, 0);
    let before = world.call(&["guard", "status"]);
    // There is no state folder yet: it is not known, and so it may not.
    before.ends(3);
    assert_eq!(boot(&before), "open", "no unit was ever tied to the token");

    let installed = world.call(&["guard", "install"]);
    installed.ends(0);
    assert_eq!((boot(&installed).as_str(), &installed.named("guard")[0]["may_bake"]), ("holds", &json!(false)));
    let note = &installed.named("boot-guard")[0]["note"];
    assert!(note["by"].as_str().unwrap().contains('@') && note["plan"].is_null(), "{note}");
    let shown = world.call(&["guard", "status"]);
    shown.ends(0);
    assert_eq!(shown.named("boot-guard"), installed.named("boot-guard"));
    // What may run meanwhile, by the names that it has here.
    let living = &shown.named("living-with-the-guard")[0]["instances"];
    assert_eq!(
        *living,
        json!([{ "instance": "bb-default", "may_run": [format!("{NODE_UNIT}.service")] }]),
        "{shown:?}"
    );
    assert!(before.named("living-with-the-guard").is_empty(), "nothing is guarded yet");
    world.call(&["guard", "check"]).ends(3);
    // It was installed on the simulated machine, never on the real one.
    let path = format!("/etc/systemd/system/{BAKER}.service.d");
    assert!(!Path::new(&path).exists());
    assert_eq!(world.exec("backup", &["cat", "--", &format!("{path}/zz-failover-guard.conf")]).code, 0);
    reboot(&world);
    assert!(!world.bakes("backup"));

    // Not without the whole sentence, and nobody is asked without a terminal.
    world.call(&["guard", "lift"]).ends(2);
    world.call(&["guard", "lift", "--statement", "yes"]).ends(2);
    world.call(&["guard", "lift", "--statement", &SENTENCE.replace("mybaker", "other")]).ends(2);
    world.call(&["guard", "check"]).ends(3);
    world.call(&["guard", "lift", "--statement", SENTENCE]).ends(0);
    assert!(!world.bakes("backup"), "it starts nothing");
    let check = world.call(&["guard", "check"]);
    check.ends(0);
    assert!(check.named("guard")[0]["why"].as_str().unwrap().contains(SENTENCE), "{check:?}");
    // A service that may not read the configuration asks by the state folder alone.
    let state = world.state().display().to_string();
    let nothing = ["--json", "--config", "/nonexistent/failover.toml", "--state", &state, "guard", "check"];
    finish(&mut program(&nothing)).ends(0);

    let lifted = world.call(&["guard", "status"]);
    lifted.ends(0);
    assert_eq!(boot(&lifted), "open");
    world.call(&["guard", "install"]).ends(0);
    world.call(&["guard", "check"]).ends(3);
    assert!(world.bakes("primary"));
}

#[test]
fn what_runs_is_not_guarded_before_it_is_stopped() {
    let world = World::new(Signer::TezSign);
    assert_eq!(world.exec("backup", &["systemctl", "start", BAKER]).code, 0);
    let refused = world.call(&["guard", "install"]);
    assert!(refused.ends(4)["next"].as_str().unwrap().contains("--stop"), "{refused:?}");
    assert!(world.bakes("backup"));
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let stopped = world.call(&["guard", "install", "--stop", host.trim()]);
    stopped.ends(0);
    assert_eq!(boot(&stopped), "holds");
    assert!(!world.bakes("backup"));
    assert_eq!(world.exec("backup", &["systemctl", "is-active", "bb-default-node-xtz-node"]).stdout, "active\n");
    assert_eq!(world.exec("backup", &["systemctl", "start", BAKER]).code, 1);
}

#[test]
fn what_cannot_be_guarded_is_not_ready() {
    for fault in [json!("read-only-etc"), json!("no-systemd")] {
        let world = World::new(Signer::TezSign);
        world.event(&json!({ "host": ["backup", fault] }));
        let refused = world.call(&["guard", "install"]);
        refused.ends(4);
        assert!(refused.why().contains(if fault == "no-systemd" { "systemctl" } else { "Read-only" }), "{refused:?}");
        world.call(&["guard", "check"]).ends(3);
    }
    let world = World::new(Signer::TezSign);
    let path = format!("/etc/systemd/system/{BAKER}.service.d/zz-failover-guard.conf");
    world.event(&json!({ "host": ["backup", { "file": [path, "[Service]\nNice=5\n"] }] }));
    let refused = world.call(&["guard", "install"]);
    refused.ends(4);
    assert!(refused.why().contains(&path), "{refused:?}");
}

#[test]
fn a_systemd_that_is_too_old_or_not_known_is_named() {
    let world = World::new(Signer::TezSign);
    drilled(&world.state());
    let says = |line: &str, side: &str| {
        world.event(&json!({ "host": [side, { "systemd": line }] }));
        let check = world.call(&["check"]);
        let looked = |what: &str| check.named("check").into_iter().find(|look| look["what"] == what).unwrap();
        let (here, fence) = (looked("systemd here"), looked("fencing the primary from here"));
        (check, here["says"].as_str().unwrap().to_owned(), fence["says"].as_str().unwrap().to_owned())
    };
    let (check, here, fence) = says("systemd 247 (247.3-7+deb11u5)", "backup");
    check.ends(0);
    assert!(here.starts_with("247;") && fence.starts_with("its services can be guarded;"), "{here} {fence}");
    for (line, why) in [("systemd 245 (245.4-4ubuntu3)", "245, which is older than 247"), ("garbage", "not known")] {
        let (check, here, _) = says(line, "backup");
        check.ends(4);
        assert!(here.contains(why), "{here}");
        // It is guarded all the same.
        let installed = world.call(&["guard", "install"]);
        installed.ends(4);
        assert!(installed.why().contains(why) && boot(&installed) == "holds", "{installed:?}");
    }
    // There a person can unplug: so it is said, and is no reason not to be ready.
    says("systemd 252 (252.39-1~deb12u1)", "backup").0.ends(0);
    let (check, _, fence) = says("systemd 245 (245.4-4ubuntu3)", "primary");
    check.ends(0);
    assert!(fence.contains("its systemd is 245, which is older"), "{fence}");
}

#[test]
fn a_baker_behind_commands_is_guarded_by_its_token_alone() {
    let mut world = World::new(Signer::TezSign);
    world.configure(|text| {
        let (before, _) = text.split_once("[backup]").unwrap();
        format!("{before}[backup]\ncontrol = \"command\"\nstart = [\"true\"]\nstop = [\"true\"]\nstatus = [\"echo\", \"stopped\"]\n")
    });
    let installed = world.call(&["guard", "install"]);
    assert!(installed.ends(0)["next"].as_str().unwrap().contains("failover guard check"), "{installed:?}");
    assert_eq!(boot(&installed), "none");
    let shown = world.call(&["guard", "status"]);
    shown.ends(0);
    assert_eq!(boot(&shown), "none");
}

#[test]
fn the_guard_is_not_lifted_after_a_duplicate_nor_in_the_middle_of_a_run() {
    let world = World::new(Signer::TezSign);
    world.call(&["guard", "install"]).ends(0);
    let baker = world.json()["baker"].as_str().unwrap().parse().unwrap();
    let lift = || world.call(&["guard", "lift", "--statement", SENTENCE]);
    let lock = {
        let (root, who) = (Root::at(world.state().join("machine")), Holder::this("a run", SystemClock.now(), None));
        FileLock::acquire_under(&root, ChainId::MAINNET, baker, &who).unwrap()
    };
    lift().ends(7);
    drop(lock);
    let state = StateDir::existing(world.state()).unwrap();
    let (at, evidence) = (SystemClock.now(), "block 15,300,001".to_owned());
    let position = Position::start_of(Level::new(15_300_000).unwrap());
    let chain = ChainId::MAINNET;
    state.latch_duplicate(&Duplicate { at, chain, baker, kind: Kind::Attestation, position, evidence }).unwrap();
    lift().ends(5);
    state.clear_duplicate(Clearance::stated("A", &Clearance::sentence("A")).unwrap(), SystemClock.now()).unwrap();
    lift().ends(0);
}
