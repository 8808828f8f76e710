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
        ("`failover run --plan-only`", "run --plan-only"),
        ("`failover check`", "check"),
        ("`failover check --unlock`", "check --unlock"),
        ("`failover disarm`", "disarm"),
        ("`failover stand-down`", "stand-down"),
        ("`failover standby`, two locked keys whose marks are high enough", "standby --yes"),
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

/// Each opening of a run is one of the table's rows, and each of those rows is one of a run's openings: between two effects a run
/// that waits asks for one status a look.
#[test]
fn each_opening_of_a_run_is_a_row_of_the_table() {
    let world = World::new(Signer::TezSign);
    let plan = world.plan();
    asked(&world);
    let nobody = crate::world::nobody_else(&plan);
    world.call(&["run", "--yes", "--confirm-disconnected", &plan, "--confirm-no-other-run", &nobody]).ends(0);
    let asked = asked(&world);
    let openings = asked.split(|what| what == "open").filter(|opening| !opening.is_empty());
    let openings: Vec<String> =
        openings.map(|opening| format!("{} | {} |", opening.len(), opening.join(", "))).collect();
    let rows: Vec<&str> = TABLE
        .lines()
        .filter(|line| line.starts_with("| a run: "))
        .filter_map(|row| row.split(" | 1 | ").nth(1))
        .collect();
    let strange: Vec<&String> = openings.iter().filter(|opening| !rows.contains(&opening.as_str())).collect();
    let missing: Vec<&&str> = rows.iter().filter(|row| !openings.iter().any(|opening| opening == *row)).collect();
    assert!(strange.is_empty() && missing.is_empty(), "not in the table: {strange:?}; not in a run: {missing:?}");
}
