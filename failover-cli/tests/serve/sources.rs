//! Other sources of the chain than the own node, over real sockets (H1, H20).

use serde_json::json;

use crate::said::Said;
use crate::world::{Signer, World};

/// A URL at which nothing listens.
const NOBODY: &str = "http://127.0.0.1:9";

fn with_others(world: &mut World, others: &[&str]) {
    let others = format!("others = {}\n", json!(others));
    world.configure(|text| text.replacen("[chain]\n", &format!("[chain]\n{others}"), 1));
}

fn tzkt(world: &World) -> String {
    let json = world.json();
    let sources = json["sources"].as_array().unwrap();
    sources.iter().find(|source| source["source"] == "tzkt").unwrap()["url"].as_str().unwrap().to_owned()
}

/// TzKT, the only source, is spoiled: it is said and refused. Left out by a person, two peers and the head that was pinned
/// while it agreed stand in.
fn refused_until_left_out(fault: &serde_json::Value, says: &str) {
    let world = World::new(Signer::TezSign);
    let name = format!("tzkt {}", tzkt(&world));
    world.event(&json!({ "source": ["tzkt", fault] }));
    let unpinned = plan(&world, &["--without", "tzkt"]);
    unpinned.ends(3);
    assert!(unpinned.why().contains("no head is pinned"), "{unpinned:?}");
    world.event(&json!({ "source": ["tzkt", null] }));
    let agrees = plan(&world, &[]);
    agrees.ends(0);
    assert!(agrees.named("plan")[0]["sources"].to_string().contains("agrees"), "{agrees:?}");
    world.event(&json!({ "source": ["tzkt", fault] }));
    let refused = plan(&world, &[]);
    let end = refused.ends(3);
    assert!(refused.why().contains(says) && refused.why().contains(&name), "{refused:?}");
    assert!(end["next"].as_str().unwrap().contains(&format!("--without '{name}'")), "{refused:?}");
    plan(&world, &["--without", "tzkt"]).ends(0);
    assert!(world.bakes("primary") && world.book().backup == 0);
}

#[test]
fn h1_tzkt_that_lags_by_ten_levels_refuses_until_it_is_left_out() {
    refused_until_left_out(&json!({ "behind": 10 }), "levels behind, and ignored");
}

#[test]
fn h1_tzkt_that_is_asked_too_often_refuses_until_it_is_left_out() {
    refused_until_left_out(&json!({ "rpc": "too-many" }), "is asked too often");
}

/// S4, H26: the pin is what a node that is far ahead does not get past, in any command that raises.
#[test]
fn h26_a_node_that_is_far_ahead_gets_past_no_command() {
    let world = World::new(Signer::TezSign);
    plan(&world, &[]).ends(0);
    let head = world.head();
    world.event(&json!({ "node-ahead": 4_000_000 }));
    let level = (head + 20).to_string();
    for command in [&["run", "--yes"][..], &["level"], &["hwm", "raise", &level]] {
        let said = world.call(command);
        said.ends(3);
        assert!(said.why().contains("second opinion"), "{said:?}");
    }
    world.call(&["check"]).ends(4);
    assert!(world.bakes("primary") && world.book().backup == 0);
}

#[test]
fn h20_tzkt_that_is_a_million_levels_ahead_refuses() {
    let world = World::new(Signer::TezSign);
    plan(&world, &[]).ends(0);
    world.event(&json!({ "source": ["tzkt", { "ahead": 1_000_000 }] }));
    let refused = plan(&world, &[]);
    let end = refused.ends(3);
    assert!(end["next"].as_str().unwrap().contains("--without 'tzkt "), "{refused:?}");
    plan(&world, &["--without", "tzkt"]).ends(0);
    assert!(world.bakes("primary") && world.book().backup == 0);
}

fn node(world: &World) -> String {
    world.json()["node"].as_str().unwrap().to_owned()
}

fn plan(world: &World, more: &[&str]) -> Said {
    world.call(&[&["run", "--plan-only"], more].concat())
}

#[test]
fn h20_a_source_that_contradicts_refuses_until_it_is_left_out() {
    let mut world = World::new(Signer::TezSign);
    let mut stranger = World::new(Signer::TezSign);
    // The own node may not have the block of one that is far behind.
    if stranger.head() < world.head() {
        std::mem::swap(&mut world, &mut stranger);
    }
    let url = node(&stranger);
    with_others(&mut world, &[&url]);
    let refused = plan(&world, &[]);
    let end = refused.ends(3);
    assert!(end["next"].as_str().unwrap().contains(&format!("--without 'node {url}'")), "{refused:?}");
    // Left out by a person: recorded in the plan's own list, where it does not appear any more.
    let left_out = plan(&world, &["--without", &url]);
    left_out.ends(0);
    let plan_record = left_out.named("plan").remove(0);
    assert!(!plan_record["sources"].to_string().contains(&url), "{plan_record}");
    // Never the own node, and nothing that is not there.
    let own = node(&world);
    plan(&world, &["--without", &own]).ends(2);
    plan(&world, &["--without", "tzkt https://api.tzkt.io"]).ends(2);
    assert_eq!(world.book().backup, 0);
}

#[test]
fn h1_one_source_that_agrees_is_needed_whatever_the_peers_say() {
    let mut world = World::new(Signer::TezSign);
    world.without("tzkt");
    with_others(&mut world, &[NOBODY]);
    // Peers that agree do not stand in for the only one that is configured.
    let said = plan(&world, &[]);
    said.ends(3);
    assert!(said.why().contains(NOBODY) && said.why().contains("peers of the node agree"), "{said:?}");
    // Without any, `check` names the line that is missing.
    world.without("others");
    let check = world.call(&["check"]);
    let next = check.ends(4)["next"].to_string();
    assert!(next.contains("[chain]") && next.contains("tzkt = "), "{next}");
    assert!(check.out.contains("no other source is configured"), "{check:?}");
    with_others(&mut world, &[NOBODY]);
    world.event(&json!("peers-disagree"));
    let refused = plan(&world, &[]);
    refused.ends(3);
    assert!(refused.why().contains("second opinion") && refused.why().contains(NOBODY), "{refused:?}");
}
