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

/// The configuration without TzKT: the own node's peers, and what the test adds.
fn without_tzkt(world: &mut World) {
    world.configure(|text| {
        let lines = text.lines().filter(|line| !line.starts_with("tzkt = "));
        lines.map(|line| format!("{line}\n")).collect()
    });
}

fn tzkt(world: &World) -> String {
    let json = world.json();
    let sources = json["sources"].as_array().unwrap();
    sources.iter().find(|source| source["source"] == "tzkt").unwrap()["url"].as_str().unwrap().to_owned()
}

/// What the plan says of TzKT, where a run would go on all the same.
fn left_aside(fault: &serde_json::Value, says: &str) {
    let world = World::new(Signer::TezSign);
    let name = format!("tzkt {}", tzkt(&world));
    let of_tzkt = |said: &Said| {
        said.ends(0);
        let sources = said.named("plan")[0]["sources"].clone();
        let all: Vec<String> = serde_json::from_value(sources).unwrap();
        all.into_iter().find(|one| one.contains(&name)).unwrap()
    };
    let agrees = of_tzkt(&plan(&world, &[]));
    assert!(agrees.contains("agrees"), "{agrees}");
    world.event(&json!({ "source": ["tzkt", fault] }));
    let aside = of_tzkt(&plan(&world, &[]));
    assert!(aside.contains(says), "{aside}");
    world.run().ends(0);
    assert!(world.book().backup > 0);
}

#[test]
fn h1_tzkt_that_lags_by_ten_levels_is_said_and_left_aside() {
    left_aside(&json!({ "behind": 10 }), "levels behind, and left aside");
}

#[test]
fn h1_tzkt_that_is_asked_too_often_is_said_and_left_aside() {
    left_aside(&json!({ "rpc": "too-many" }), "is asked too often");
}

#[test]
fn h1_a_web_page_in_place_of_tzkt_is_said_and_left_aside() {
    left_aside(&json!({ "rpc": "html" }), "HTML, not JSON");
}

#[test]
fn h20_tzkt_that_is_a_million_levels_ahead_refuses() {
    let world = World::new(Signer::TezSign);
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
fn h1_without_peers_one_source_that_answers_is_needed() {
    let mut world = World::new(Signer::TezSign);
    without_tzkt(&mut world);
    with_others(&mut world, &[NOBODY]);
    // A source that is down is said, and no reason to refuse while the peers agree.
    let said = plan(&world, &[]);
    said.ends(0);
    assert!(said.named("plan")[0]["sources"].to_string().contains(NOBODY), "{said:?}");
    world.event(&json!("peers-disagree"));
    let refused = plan(&world, &[]);
    refused.ends(3);
    assert!(refused.why().contains("second opinion") && refused.why().contains(NOBODY), "{refused:?}");
}
