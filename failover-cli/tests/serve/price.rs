//! The price in the plan, as a program and as a person reads it.

use serde_json::json;

use crate::world::{Signer, World, finish, program};

#[test]
fn a_plan_shows_the_price_in_three_lines() {
    let world = World::new(Signer::TezSign);
    let said = world.call(&["run", "--plan-only"]);
    said.ends(0);
    let price = said.named("plan").remove(0)["price"].take();
    // 5 % of the 350,000 tez of a baker with 5 % of the power; (5 % x 3)^2 = 2.25 % of them.
    let twice = &price["twice"]["known"];
    assert_eq!((&twice["block"], &twice["votes"]), (&json!("17500000000"), &json!("7875000000")), "{price}");
    let coming = &price["coming"]["known"];
    assert!(coming["skipped_votes"].as_u64() >= Some(12) && coming["next"]["position"]["level"].is_u64(), "{price}");
    assert!(price["waiting"]["known"]["votes"]["free_seconds"].is_u64(), "{price}");

    let config = world.path("failover.toml");
    let said = finish(&mut program(&["--config", config.to_str().unwrap(), "run", "--plan-only"]));
    let begins =
        ["    waiting costs ", "    next own block ", "    signing twice costs 17,500 tez a block, 7,875 a vote"];
    for begin in begins {
        let line = said.out.lines().find(|line| line.starts_with(begin));
        let line = line.unwrap_or_else(|| panic!("no line {begin:?} in {}", said.out));
        assert!(line.len() <= 80, "{line}");
    }
    assert_eq!(said.code, 0);
}
