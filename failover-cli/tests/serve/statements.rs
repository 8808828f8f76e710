//! What a statement by a flag is about, and for how long: the same in `resume` as in `run` (S15).

use failover_core::clock::Timestamp;
use failover_core::state::{ShownPlan, StateDir};

use crate::crash::cut;
use crate::world::{Signer, World};

#[test]
fn resume_takes_a_statement_about_a_plan_that_was_shown_lately() {
    let world = World::new(Signer::TezSign);
    let old = world.plan();
    assert!(cut(&world, &old, |record| record["record"] == "after" && record["step"] == "stop-primary"));
    let resume = |plan: &str| world.call(&["resume", "--yes", "--confirm-disconnected", plan]);
    // The very plan that the run was begun with, three weeks ago.
    let state = StateDir::existing(world.state()).unwrap();
    let shown = state.plan().unwrap().unwrap();
    let created = Timestamp::from_millis(shown.created.millis() - 21 * 24 * 3600 * 1000);
    state.set_plan(&ShownPlan { created, ..shown.clone() }).unwrap();
    let refused = resume(&old);
    assert!(refused.ends(2)["next"].as_str().unwrap().contains("--plan-only"), "{refused:?}");
    // As an older version wrote it, and about another machine.
    state.set_plan(&ShownPlan { about: None, ..shown.clone() }).unwrap();
    resume(&old).ends(2);
    let mut about = shown.about.clone();
    about.as_mut().unwrap().host = Some("baker@another".to_owned());
    state.set_plan(&ShownPlan { about, ..shown }).unwrap();
    let refused = resume(&old);
    refused.ends(2);
    assert!(refused.why().contains("baker@another"), "{refused:?}");
    assert!(!world.bakes("primary") && world.book().backup == 0);
    // An interrupted run shows its own plan, with what it was begun with.
    world.call(&["run", "--plan-only", "--margin", "20"]).ends(2);
    let planned = world.call(&["run", "--plan-only"]);
    let next = planned.ends(0)["next"].as_str().unwrap().to_owned();
    assert!(next.contains(": failover resume"), "{next}");
    resume(&old).ends(2);
    resume(planned.named("plan")[0]["statement"].as_str().unwrap()).ends(0);
    assert!(world.book().backup > 0 && world.bakes("backup"));
}

#[test]
fn yes_has_not_looked_at_the_ledgers_screen() {
    let world = World::new(Signer::Ledger);
    let plan = world.plan();
    let run = |args: &[&str]| {
        let all = [&["run", "--yes", "--confirm-disconnected", &plan], args].concat();
        world.call(&all)
    };
    let refused = run(&[]);
    assert!(refused.ends(2)["message"].as_str().unwrap().contains("--confirm-ledger-setting NAME:PLAN"), "{refused:?}");
    world.call(&["stand-down"]);
    run(&["--confirm-ledger-setting"]).ends(2);
    run(&["--confirm-ledger-setting", "mybaker:ABCDEF"]).ends(2);
    assert!(world.bakes("primary") && world.book().backup == 0);
}
