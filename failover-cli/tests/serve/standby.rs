//! The machine that lost becomes the backup, and the next run goes back to it.

use crate::world::{Signer, World, drilled, finish, program, until};

#[test]
fn the_old_primary_stands_by_is_ready_and_takes_over_again() {
    for signer in [Signer::TezSign, Signer::Ledger] {
        let world = World::new(signer);
        world.run().ends(0);
        assert!(world.bakes("backup") && !world.bakes("primary"));
        // The repaired machine: its signer is plugged in again.
        world.event(&serde_json::json!({ "plug": "primary" }));
        let there = |args: &[&str]| {
            let mut command = program(&["--json", "--config"]);
            finish(command.arg(world.path("primary.toml")).args(args))
        };
        drilled(&world.path("primary-state"));
        // Nobody says yes by accident: on the machine that bakes it would end the baking.
        there(&["standby"]).ends(2);
        let stood_by = there(&["standby", "--yes"]);
        stood_by.ends(0);
        let parts = stood_by.named("standby");
        assert!(parts.len() == 5 && parts.iter().all(|part| part["done"] == true), "{parts:?}");
        // That it was completed is on record: from here on `return` counts anew.
        let history = std::fs::read_to_string(world.path("primary-state").join("token-history.jsonl")).unwrap();
        assert!(history.lines().last().unwrap().contains("\"event\":\"stood-by\""), "{history}");
        there(&["check"]).ends(0);
        there(&["guard", "check"]).ends(3);
        assert!(world.bakes("backup") && !world.bakes("primary"));
        // The way back is the same run.
        let plan = there(&["run", "--plan-only"]);
        plan.ends(0);
        let plan = plan.named("plan")[0]["statement"].as_str().unwrap().to_owned();
        let run = there(&["run", "--yes", "--confirm-disconnected", &plan, "--confirm-ledger-setting", &plan]);
        run.ends(0);
        assert!(world.bakes("primary") && !world.bakes("backup"), "{run:?}");
        let before = world.book().primary;
        until("the old primary signs", || world.book().primary > before);
    }
}
