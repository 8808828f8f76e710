//! The floors of the three crates: a module names those of floors below its own, and nothing else, for every pair.

use std::collections::{BTreeMap, BTreeSet};

use crate::house::source_of;
use crate::sources::{Module, arrows};

/// Of the library, from the top: `docs/design.md` has the picture.
const LIBRARY: &[&[&str]] = &[
    // The names of a program of one's own, of every floor.
    &["prelude"],
    // The way to a run.
    &["session"],
    &["config"],
    // A run told as it goes on.
    &["narration"],
    // What is drawn, and what goes on afterwards.
    &["report", "watch"],
    // The loops: gather, decide, record, perform, record.
    &["failover", "returning", "standby"],
    &["preflight"],
    &["effect"],
    // What is on the disk, with its folder of runs.
    &["journal"],
    // Pure.
    &["decision", "price"],
    &["facts"],
    // Edges, and what this machine remembers.
    &["baker"],
    &["lock", "remote_signer"],
    &["guard", "operator"],
    &["state", "permit"],
    &["chain", "jsonl"],
    &["signer", "mark_files", "nonces"],
    // The ground.
    &["host", "names"],
    &["clock"],
    &["tezos"],
];

/// Of the command line, from the top.
const COMMAND_LINE: &[&[&str]] = &[
    &["app"],
    &["command"],
    &["session"],
    &["heads"],
    &["settings", "locks", "looking"],
    &["config", "prompt"],
    &["args", "failure", "signals"],
    &["output"],
    &["screen"],
    &["exit", "text", "notify", "afterwards"],
    &["size", "wrap"],
];

/// Of the simulated world, from the top.
const SIMULATOR: &[&[&str]] = &[
    // Drills, drawn and judged; and a world that is served to a run in another process.
    &["soak"],
    &["trial", "serve"],
    &["drill", "plan"],
    &["scenario"],
    &["judge", "operator"],
    // Whoever has a world has all of it; what is below has no world.
    &["world"],
    // What is answered of a state.
    &["shown"],
    &["rpc"],
    &["state"],
    // Its parts.
    &["machine"],
    &["device"],
    &["tezsign", "ledger"],
    &["wire"],
    &["clock", "book", "chain"],
    // What can be asked for, and what can happen.
    &["act", "event"],
    &["options"],
    &["source", "message", "seed"],
];

fn only_downwards(crate_name: &str, floors: &[&[&str]]) {
    let floor: BTreeMap<&str, usize> =
        floors.iter().enumerate().flat_map(|(at, rooms)| rooms.iter().map(move |room| (*room, at))).collect();
    let on = |module: &Module| {
        let room = module.first()?;
        let at = floor.get(room.as_str());
        Some((room.clone(), *at.unwrap_or_else(|| panic!("{crate_name}: the module {room} is on no floor"))))
    };
    let mut seen = BTreeSet::new();
    let wrong: Vec<String> = arrows(&source_of(crate_name))
        .iter()
        .filter_map(|(from, to)| {
            let ((from_room, upper), (to_room, lower)) = (on(from)?, on(to)?);
            seen.extend([from_room.clone(), to_room.clone()]);
            let wrong = from_room != to_room && upper >= lower;
            wrong.then(|| format!("{} names {}", from.join("::"), to.join("::")))
        })
        .collect();
    assert!(wrong.is_empty(), "{crate_name}, not downwards:\n{}", wrong.join("\n"));
    let gone: Vec<&&str> =
        floor.keys().filter(|room| !source_of(crate_name).join(format!("{room}.rs")).is_file()).collect();
    assert!(gone.is_empty(), "{crate_name} has no {gone:?}");
    assert!(seen.len() > floors.len(), "{crate_name}: hardly an arrow was read");
}

#[test]
fn arrows_go_downwards_only() {
    only_downwards("failover-core", LIBRARY);
    only_downwards("failover-cli", COMMAND_LINE);
    only_downwards("failover-sim", SIMULATOR);
}

/// Whatever names itself by way of others, of rooms side by side: a module is read after those that it names.
fn circles(crate_name: &str) -> Vec<String> {
    let arrows = arrows(&source_of(crate_name));
    let mut beside: BTreeMap<Module, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for (from, to) in &arrows {
        let shared = from.iter().zip(to).take_while(|(a, b)| a == b).count();
        if let (Some(a), Some(b)) = (from.get(shared), to.get(shared)) {
            beside.entry(from[..shared].to_vec()).or_default().entry(a.clone()).or_default().insert(b.clone());
        }
    }
    let mut found = Vec::new();
    for (house, names) in &beside {
        for room in names.keys() {
            let (mut reached, mut next) = (BTreeSet::new(), vec![room.clone()]);
            while let Some(at) = next.pop() {
                for to in names.get(&at).into_iter().flatten() {
                    if reached.insert(to.clone()) {
                        next.push(to.clone());
                    }
                }
            }
            if reached.contains(room) {
                found.push(format!("{crate_name} {}::{room}", house.join("::")));
            }
        }
    }
    found
}

#[test]
fn no_room_names_itself_by_way_of_others() {
    let found: Vec<String> =
        ["failover-core", "failover-cli", "failover-sim"].iter().flat_map(|name| circles(name)).collect();
    assert!(found.is_empty(), "in a circle:\n{}", found.join("\n"));
}
