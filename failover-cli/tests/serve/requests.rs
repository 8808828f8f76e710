//! What each command asks of a TezSign, as the handbook's table has it: every request is felt over USB.

use crate::world::{Signer, World, drilled};

const TABLE: &str = include_str!("../../../docs/devices.md");

/// What the backup's gadget was asked since the last time, on its management interface.
fn asked(world: &World) -> Vec<String> {
    let said = world.exec("world", &["asked", "backup"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let asked: Vec<(String, String)> = serde_json::from_str(&said.stdout).unwrap();
    asked.into_iter().filter(|(interface, _)| interface == "management").map(|(_, what)| what).collect()
}

/// A row: openings, requests, which.
fn row(what: &str, asked: &[String]) -> String {
    let requests: Vec<&str> = asked.iter().map(String::as_str).filter(|what| *what != "open").collect();
    let openings = asked.len() - requests.len();
    format!("| {what} | {openings} | {} | {} |", requests.len(), requests.join(", "))
}

#[test]
fn each_command_asks_what_the_table_says() {
    let world = World::new(Signer::TezSign);
    world.call(&["guard", "install"]).ends(0);
    drilled(&world.state());
    let level = world.head() + 20;
    let raise = format!("hwm raise {level}");
    let rows = [
        ("`failover hwm show`", "hwm show"),
        ("`failover devices`, of a device behind a socket", "devices"),
        ("`failover hwm raise`, two locked keys", &raise),
        ("`failover status`", "status"),
        ("`failover check`", "check"),
        ("`failover check --unlock`", "check --unlock"),
        ("`failover disarm`", "disarm"),
        ("`failover stand-down`", "stand-down"),
    ];
    asked(&world);
    let mut missing = Vec::new();
    for (what, command) in rows {
        let words: Vec<&str> = command.split(' ').collect();
        world.call(&words).ends(0);
        let row = row(what, &asked(&world));
        if !TABLE.lines().any(|line| line == row) {
            missing.push(row);
        }
    }
    assert!(missing.is_empty(), "rows that the table does not have: {missing:#?}");
}
