//! The main job from `check` to the end, for both signers.

use serde_json::Value;

use failover_sim::PAY_UNIT;

use crate::said::Said;
use crate::world::{Signer, World, drilled, until};

/// First not ready, because no drill was done on this machine; then the machine is pinned, and all is well.
fn check(world: &World) {
    // Which machine the primary is was never checked.
    std::fs::remove_file(world.state().join("pins.json")).unwrap();
    world.call(&["run", "--plan-only"]).ends(3);
    let first = world.call(&["check"]);
    first.ends(4);
    let missing: Vec<Value> = first.named("check").into_iter().filter(|look| look["ready"] == false).collect();
    assert!(missing.len() == 1 && missing[0]["what"] == "drill", "{missing:?}");
    assert!(first.out.contains("pinned: machine-id"), "{}", first.out);
    let marks = first.named("check").into_iter().find(|look| look["what"] == "marks of the primary").unwrap();
    assert!(marks["says"].as_str().unwrap().contains("_highwatermarks"), "{marks}");
    drilled(&world.state());
    let second = world.call(&["check"]);
    second.ends(0);
    assert!(second.out.contains("is the machine that was pinned"), "{}", second.out);
}

/// The level of every kind of every key, as they were read back.
fn read_back(run: &Said) -> Vec<Vec<u64>> {
    let steps = run.named("after");
    let raised = steps.iter().rev().find_map(|step| step["raised"].as_array()).unwrap();
    let level = |key: &Value, kind: &str| key["after"][kind]["level"].as_u64().unwrap();
    raised.iter().map(|key| ["block", "preattestation", "attestation"].map(|k| level(key, k)).to_vec()).collect()
}

/// What a run that went well says, whatever the signer.
fn went_well(world: &World, run: &Said, keys: usize) {
    let end = run.ends(0);
    assert_eq!(end["outcome"], "done");
    let floor = end["resumed"]["floor"].as_u64().unwrap();
    let noted = run.named("after").into_iter().find(|r| r["step"] == "note-level").unwrap();
    let (head, bound) = (noted["head"].as_u64().unwrap(), noted["bound"].as_u64().unwrap());
    // Exact, as octez-baker wrote it down last; unless all of that was so slow that its votes are too far below the head.
    match noted["basis"]["by"].as_str() {
        Some("marks") => assert_eq!(noted["basis"]["mark"]["level"], noted["bound"], "{noted}"),
        _ => assert!(noted["basis"]["why"].as_str().unwrap().contains("nothing that this baker signed"), "{noted}"),
    }
    assert!(bound <= head + 2 && floor >= head.max(bound) + 10, "{noted} {floor}");
    assert!(end["resumed"]["first"]["at"]["level"].as_u64().unwrap() >= floor, "{end}");
    assert_eq!(read_back(run), vec![vec![floor; 3]; keys]);
    // The screen says what the journal has, and nothing else.
    let strip = |mut record: Value| {
        let map = record.as_object_mut().unwrap();
        for key in ["v", "at", "seq", "n"] {
            map.remove(key);
        }
        record
    };
    let shown: Vec<Value> = run.records().into_iter().map(strip).collect();
    assert_eq!(world.journal().into_iter().map(strip).collect::<Vec<_>>(), shown);
    assert!(!world.bakes("primary") && world.bakes("backup"));
    let book = world.book();
    assert!(book.primary > 0 && book.backup > 0, "{book:?}");
    assert_eq!(world.call(&["guard", "check"]).ends(0)["outcome"], "done");
    // The backup may have signed: the primary does not get its job back.
    world.call(&["return", "--yes"]).ends(3);
    assert!(!world.bakes("primary"));
    until("the backup goes on baking", || world.book().backup > book.backup);
    assert_eq!(world.book().primary, book.primary);
}

/// What pays is stopped on the primary, also for its next boot, and started nowhere.
fn nobody_pays(world: &World, run: &Said) {
    let unit = format!("{PAY_UNIT}.service");
    assert_eq!(run.named("plan")[0]["pays"], serde_json::json!([unit]), "{:?}", run.named("plan"));
    let next = run.ends(0)["next"].as_str().unwrap().to_owned();
    assert!(next.contains(&format!("{unit} does not run on the primary")), "{next}");
    let state = |side: &str| world.exec(side, &["systemctl", "is-active", &unit]).stdout;
    assert_eq!([state("primary"), state("backup")], ["inactive\n"; 2]);
    let boot = world.exec("primary", &["systemctl", "show", "-p", "UnitFileState", "--", &unit]).stdout;
    assert_eq!(boot, "UnitFileState=disabled\n", "nor at boot");
}

fn looks(world: &World) {
    world.call(&["config", "check"]).ends(0);
    world.call(&["devices"]).ends(0);
    world.call(&["level"]).ends(0);
    let activity = world.call(&["activity", "--levels", "5"]);
    activity.ends(0);
    assert!(activity.out.contains("attestation"), "{}", activity.out);
    let status = world.call(&["status"]);
    status.ends(0);
    assert!(status.out.contains("no run yet") && status.out.contains("running"), "{}", status.out);
    assert!(world.call(&["guard", "check"]).why().contains("may not"), "nothing has lifted it");
    assert_eq!(world.book().backup, 0);
}

#[test]
fn a_tezsign_takes_over_in_seven_steps() {
    let world = World::new(Signer::TezSign);
    check(&world);
    looks(&world);
    let plan = world.plan();
    let run = world.call(&["run", "--yes", "--confirm-disconnected", &plan, "--confirm-ledger-setting", &plan]);
    went_well(&world, &run, 2);
    nobody_pays(&world, &run);
    let mut steps = run.steps();
    steps.dedup();
    let fenced = ["take-permit", "claim", "install-boot-guard", "disarm-backup", "hold-signer", "prove-passphrase"];
    let expected = [
        &fenced[..],
        &["stop-primary", "note-level", "guard-primary", "stash-secret", "disarm-primary", "merge-nonces"],
        &["unlock", "raise", "start"],
    ]
    .concat();
    assert_eq!(steps, expected);
    // A statement holds for its own run only.
    assert_eq!(world.call(&["resume"]).ends(0)["outcome"], "done");
    let passphrase = world.json()["passphrase"].as_str().unwrap().to_owned();
    for file in world.journals() {
        assert!(!std::fs::read_to_string(file).unwrap().contains(&passphrase));
    }
    assert!(!run.out.contains(&passphrase) && !run.err.contains(&passphrase));
}

#[test]
fn a_ledger_takes_over_with_one_press() {
    let world = World::new(Signer::Ledger);
    check(&world);
    looks(&world);
    let run = world.run();
    went_well(&world, &run, 1);
    let mut steps = run.steps();
    steps.dedup();
    assert_eq!(
        steps,
        [
            "take-permit",
            "claim",
            "install-boot-guard",
            "disarm-backup",
            "stop-primary",
            "note-level",
            "guard-primary",
            "merge-nonces",
            "authorize",
            "start"
        ]
    );
}
