//! What is refused before anything is done, and marks raised by hand.

use failover_core::clock::{Clock as _, SystemClock, Timestamp};
use failover_core::state::{Duplicate, ShownPlan, StateDir};
use failover_core::tezos::{ChainId, Kind, Level, Position};
use serde_json::json;

use crate::world::{Signer, World};

/// Nothing was changed: the primary bakes, no journal was begun.
fn untouched(world: &World) {
    assert!(world.bakes("primary") && !world.bakes("backup"));
    assert!(world.journals().is_empty());
    assert_eq!(world.book().backup, 0);
}

#[test]
fn a_statement_about_another_plan_is_none() {
    let world = World::new(Signer::TezSign);
    let confirm = |statement: &str| world.call(&["run", "--yes", "--confirm-disconnected", statement]);
    confirm("mybaker:ABCDEF").ends(2);
    let plan = world.plan();
    confirm("mybaker:ABCDEF").ends(2);
    confirm(&plan.replace("mybaker", "otherbaker")).ends(2);
    confirm("mybaker:0").ends(2);
    let state = StateDir::existing(world.state()).unwrap();
    let shown = state.plan().unwrap().unwrap();
    let old = Timestamp::from_millis(shown.created.millis() - 11 * 60 * 1000);
    state.set_plan(&ShownPlan { created: old, ..shown }).unwrap();
    confirm(&plan).ends(2);
    untouched(&world);
    // And nobody is asked without a terminal.
    world.call(&["run"]).ends(2);
    assert!(world.bakes("primary"));
}

#[test]
fn a_duplicate_that_nobody_cleared_blocks_everything() {
    let world = World::new(Signer::TezSign);
    let plan = world.plan();
    let state = StateDir::existing(world.state()).unwrap();
    let duplicate = Duplicate {
        at: SystemClock.now(),
        chain: ChainId::MAINNET,
        baker: world.json()["baker"].as_str().unwrap().parse().unwrap(),
        kind: Kind::Attestation,
        position: Position::start_of(Level::new(15_300_000).unwrap()),
        evidence: "block 15,300,001".to_owned(),
    };
    state.latch_duplicate(&duplicate).unwrap();
    let refused = world.call(&["run", "--yes", "--confirm-disconnected", &plan]);
    assert!(refused.ends(5)["next"].as_str().unwrap().contains("failover clear"), "{refused:?}");
    world.call(&["resume"]).ends(5);
    world.call(&["return", "--yes"]).ends(5);
    world.call(&["guard", "check"]).ends(5);
    let clear = world.call(&["clear"]);
    clear.ends(2);
    assert_eq!(clear.named("duplicate").len(), 1, "{clear:?}");
    world.call(&["run", "--plan-only"]).ends(5);
    untouched(&world);
}

#[test]
fn a_signer_that_was_unplugged_is_not_ready() {
    for signer in [Signer::TezSign, Signer::Ledger] {
        let world = World::new(signer);
        world.event(&json!({ "unplug": "backup" }));
        let shown = world.call(&["hwm", "show"]);
        assert!(shown.ends(1)["next"].as_str().unwrap().contains("check the cable"), "{shown:?}");
        let run = world.call(&["run", "--plan-only"]);
        assert!(run.ends(4)["next"].as_str().unwrap().contains("check the cable"), "{run:?}");
        untouched(&world);
    }
}

/// Raises by hand: what is refused, what is done, and that it is done once.
fn raise(signer: Signer) {
    let world = World::new(signer);
    let head = || {
        let level = world.call(&["level"]);
        level.ends(0);
        level.named("head")[0]["level"].as_u64().unwrap()
    };
    let wanted = head() + 20;
    let raised = |level: u64| world.call(&["hwm", "raise", &level.to_string()]);
    raised(wanted).ends(0);
    let again = raised(wanted);
    again.ends(0);
    assert!(again.named("raised").iter().all(|key| key["already"] == true), "{again:?}");
    raised(wanted - 1).ends(3);
    raised(head() + 10_000_000).ends(3);
    world.call(&["hwm", "raise", "0"]).ends(2);
    let shown = world.call(&["hwm", "show"]);
    assert!(shown.named("key").iter().all(|key| key["arming"] == "disarmed"), "{shown:?}");
    if signer == Signer::Ledger {
        let key = &shown.named("key")[0];
        assert_eq!(key["marks"]["block"]["level"], json!(wanted), "{key}");
    }
    untouched(&world);
}

#[test]
fn the_marks_of_a_tezsign_are_raised_by_hand() {
    raise(Signer::TezSign);
}

#[test]
fn the_marks_of_a_ledger_are_raised_by_hand() {
    raise(Signer::Ledger);
}
