//! Runs that end early: what stands in the way of the next one, and how the primary gets its job back.

use crate::world::{Signer, World, until};

#[test]
fn an_interrupted_run_is_named_stood_down_and_the_primary_returns() {
    let world = World::new(Signer::TezSign);
    let plan = world.plan();
    let killed = crate::crash::cut(&world, &plan, |record| record["record"] == "after" && record["step"] == "unlock");
    assert!(killed);
    let signed = world.book();
    assert!(!world.bakes("primary") && signed.backup == 0);
    // The plan that is shown is the interrupted run's, for statements in `resume`.
    let shown = world.call(&["run", "--plan-only"]);
    assert!(shown.ends(0)["next"].as_str().unwrap().contains("failover resume"), "{shown:?}");
    let refused = world.call(&["run", "--yes", "--confirm-disconnected", &plan]);
    assert!(refused.ends(6)["next"].as_str().unwrap().contains("failover resume"), "{refused:?}");
    assert!(world.call(&["status"]).out.contains("a run was interrupted"));
    // The keys are unlocked, so the primary may not start yet.
    world.call(&["return", "--yes"]).ends(3);
    assert!(!world.bakes("primary"));
    let down = world.call(&["stand-down"]);
    down.ends(0);
    assert_eq!(down.named("disarmed")[0]["proven"], true);
    let shown = world.call(&["hwm", "show"]);
    assert!(shown.named("key").iter().all(|key| key["arming"] == "disarmed"), "{shown:?}");
    // Without a terminal, nobody says yes by accident.
    world.call(&["return"]).ends(2);
    assert!(!world.bakes("primary"));
    world.call(&["return", "--yes"]).ends(0);
    assert!(world.bakes("primary"));
    until("the primary signs again", || world.book().primary > signed.primary);
    assert_eq!(world.book().backup, 0);
    // It is over: nothing is left to resume, and a new run can begin.
    assert_eq!(world.call(&["resume"]).ends(0)["outcome"], "returned");
    world.plan();
}

#[test]
fn two_people_at_the_same_time() {
    let world = World::new(Signer::TezSign);
    let plan = world.plan();
    std::thread::scope(|scope| {
        let first = scope.spawn(|| world.call(&["run", "--yes", "--confirm-disconnected", &plan]));
        until("the first run begins", || !world.journal().is_empty());
        let second = world.call(&["run", "--yes", "--confirm-disconnected", &plan]);
        second.ends(7);
        let why = second.why();
        assert!(why.contains("another run for this baker") && why.contains("process "), "{why}");
        // A run that lives is not one that was interrupted: nobody is sent to take it up or to stop it.
        let status = world.call(&["status"]);
        let running = status.named("status").into_iter().find(|line| line["what"] == "running").unwrap();
        assert!(running["says"].as_str().unwrap().contains("process "), "{running}");
        assert!(!status.out.contains("interrupted"), "{}", status.out);
        let next = status.ends(0)["next"].as_str().unwrap().to_owned();
        assert!(next.starts_with("let it end") && !next.contains("failover resume"), "{next}");
        // Nor is the run ended by what raises and reads marks.
        let level = (world.head() + 30).to_string();
        world.call(&["hwm", "raise", &level]).ends(7);
        world.call(&["check", "--unlock"]);
        // Another state folder is no way around it.
        let elsewhere = world.path("elsewhere");
        let third = world.call(&["--state", elsewhere.to_str().unwrap(), "run", "--yes"]);
        third.ends(7);
        first.join().unwrap().ends(0);
    });
    let book = world.book();
    assert!(book.backup > 0, "{book:?}");
}
