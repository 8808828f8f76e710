//! A backup's signer in a bad state: what `check` says of it before, and that a run leaves the primary alone where it can be
//! seen (S17, H29).

use std::io::Write as _;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::said::Said;
use crate::world::{Signer, World, drilled, program};

fn device(world: &World, condition: &Value) {
    world.event(&json!({ "device": ["backup", condition] }));
}

/// What `check` says of one thing, and whether it is ready for it.
fn says(said: &Said, what: &str) -> (bool, String) {
    let looked = said.named("check").into_iter().find(|looked| looked["what"] == what);
    let looked = looked.unwrap_or_else(|| panic!("nothing is said of {what}: {said:?}"));
    (looked["ready"].as_bool().unwrap(), looked["says"].as_str().unwrap().to_owned())
}

/// A backup as it should be: guarded, and rehearsed with.
fn ready() -> World {
    let world = World::new(Signer::TezSign);
    world.call(&["guard", "install"]).ends(0);
    drilled(&world.state());
    world
}

/// What it is called, how it is made so, and what is said of it.
type Case = (&'static str, fn(&World) -> Value, &'static str);

const HIDDEN: &str = "damage and marks";

/// `check` says what it did not see, `check --unlock` sees it, and `run` refuses before it touches the primary.
#[test]
fn s17_what_a_locked_tezsign_hides_is_seen_before_the_primary_is_touched() {
    let cases: [Case; 4] = [
        ("too high", |world| json!({ "marks": world.head() + 5_000 }), "the key co"),
        ("too high for ever", |_| json!({ "marks": 1_u64 << 32 }), "the key co"),
        ("one slot", |_| json!({ "one-slot": "companion" }), "companion"),
        ("both slots", |_| json!({ "both-slots": "consensus" }), "consensus"),
    ];
    for (name, condition, key) in cases {
        let world = ready();
        device(&world, &condition(&world));
        let looked = world.call(&["check"]);
        looked.ends(0);
        let (ready, text) = says(&looked, HIDDEN);
        assert!(ready && text.starts_with("not checked") && text.contains("check --unlock"), "{name}: {text}");
        let unlocked = world.call(&["check", "--unlock"]);
        unlocked.ends(4);
        let (ready, text) = says(&unlocked, HIDDEN);
        assert!(!ready && text.contains(key) && !text.contains("passphrase"), "{name}: {text}");
        let run = world.run();
        run.ends(3);
        assert!(run.why().contains(key) && !run.why().contains("passphrase"), "{name}: {}", run.why());
        assert!(world.bakes("primary"), "{name}");
        assert_eq!(world.book().backup, 0, "{name}");
    }
}

#[test]
fn a_good_one_is_read_and_locked_again() {
    let world = World::new(Signer::TezSign);
    drilled(&world.state());
    // Nothing is unlocked where a reboot could start something.
    let said = world.call(&["check", "--unlock"]);
    assert!(said.ends(4)["next"].as_str().unwrap().contains("`failover guard install`"), "{said:?}");
    world.call(&["guard", "install"]).ends(0);
    let said = world.call(&["check", "--unlock"]);
    said.ends(0);
    let (ready, text) = says(&said, HIDDEN);
    assert!(ready && text.starts_with("unlocked, read and locked again: "), "{text}");
    let shown = world.call(&["hwm", "show"]);
    shown.ends(0);
    assert!(shown.named("key").iter().all(|key| key["arming"] == "disarmed"), "{shown:?}");
}

/// Its version is unknown, and that is all (TezSign before 2026-01-06); it sends no accept either (before 2025-12-02).
#[test]
fn an_old_gadget_is_shown_as_unknown_and_takes_over() {
    for age in ["old", "oldest"] {
        let world = ready();
        device(&world, &json!(age));
        let shown = world.call(&["hwm", "show"]);
        shown.ends(0);
        assert_eq!(shown.named("device")[0]["version"], Value::Null, "{shown:?}");
        world.call(&["hwm", "raise", &(world.head() + 20).to_string()]).ends(0);
        world.call(&["check", "--unlock"]).ends(0);
        world.call(&["disarm"]).ends(0);
        world.run().ends(0);
        assert!(world.bakes("backup"));
    }
}

/// The device's own words decide: a card that is cut off is no wrong passphrase, and no second attempt is spent on it.
#[test]
fn a_card_that_is_cut_off_is_another_card_and_no_wrong_passphrase() {
    let world = ready();
    device(&world, &json!({ "cut-off": "consensus" }));
    let looked = world.call(&["check", "--unlock"]);
    looked.ends(4);
    let (ready, text) = says(&looked, HIDDEN);
    assert!(!ready && text.contains("another card is needed") && text.contains("short"), "{text}");
    world.exec("world", &["asked", "backup"]);
    let run = world.run();
    run.ends(1);
    assert!(run.why().contains("another card is needed") && !run.why().contains("terminal"), "{}", run.why());
    let asked = world.exec("world", &["asked", "backup"]).stdout;
    assert_eq!(asked.matches("unlock").count(), 1, "{asked}");
    assert!(world.bakes("primary"));
}

/// S1, S12: whatever asked for an unlock that is not answered waits until it is over, says so, and leaves nothing unlocked.
#[test]
fn s1_an_unlock_that_ends_late_leaves_nothing_unlocked() {
    let world = ready();
    device(&world, &json!({ "late-unlock": 12 }));
    let shows = |said: &Said| said.out.contains("not answered") || said.err.contains("not answered");
    let raise = ["hwm", "raise", &(world.head() + 20).to_string()];
    for said in [world.run(), world.call(&raise), world.call(&["check", "--unlock"])] {
        assert!(matches!(said.code, 1 | 4) && shows(&said), "{said:?}");
        let keys = world.call(&["hwm", "show"]).named("key");
        assert!(keys.iter().all(|key| key["arming"] == "disarmed"), "{said:?}: {keys:?}");
    }
    assert!(world.bakes("primary"));
}

/// Where the state file is gone what is set is shown until the next lock: only the second unlock shows it.
#[test]
fn s5_marks_that_are_shown_and_not_stored_are_an_error() {
    let world = World::new(Signer::TezSign);
    device(&world, &json!({ "unlinked": "companion" }));
    let said = world.call(&["hwm", "raise", &(world.head() + 20).to_string()]);
    said.ends(1);
    assert!(said.why().contains("companion"), "{}", said.why());
    let said = world.call(&["hwm", "raise", &(world.head() + 25).to_string()]);
    said.ends(0);
}

/// S5: what is not stored of a key that was found unlocked is an error too; where it is to stay unlocked nothing proves it, and
/// that is said.
#[test]
fn s5_what_is_stored_of_a_key_that_was_found_unlocked_is_proven_or_said() {
    let world = World::new(Signer::TezSign);
    device(&world, &json!("left-armed"));
    device(&world, &json!({ "unlinked": "companion" }));
    let left = world.call(&["hwm", "raise", &(world.head() + 20).to_string(), "--leave-unlocked"]);
    left.ends(0);
    let warned = left.named("warning");
    assert!(warned.iter().any(|warning| warning.to_string().contains("what is stored was not proven")), "{left:?}");
    device(&world, &json!({ "unlinked": "companion" }));
    let said = world.call(&["hwm", "raise", &(world.head() + 25).to_string()]);
    let keys = world.call(&["hwm", "show"]).named("key");
    assert!(keys.iter().all(|key| key["arming"] == "disarmed"), "{keys:?}");
    // What the first lock took away was set again, and read from the card.
    said.ends(0);
    assert!(!said.out.contains("not proven"), "{said:?}");
    device(&world, &json!("left-armed"));
    let shown = world.call(&["hwm", "show"]).named("key");
    assert!(shown.iter().all(|key| key["marks"]["block"]["level"].as_u64() > Some(world.head())), "{shown:?}");
}

/// A command that was killed left its keys unlocked: the next raise says so, and locks them unless it is told not to.
#[test]
fn h44_keys_that_are_found_unlocked_are_said_and_locked() {
    for (flag, armed) in [(&["--leave-unlocked"][..], "armed"), (&[], "disarmed")] {
        let world = World::new(Signer::TezSign);
        device(&world, &json!("left-armed"));
        let level = (world.head() + 20).to_string();
        let said = world.call(&[&["hwm", "raise", &level], flag].concat());
        said.ends(0);
        let warned: Vec<Value> = said.named("warning");
        assert!(warned.iter().any(|warning| warning.to_string().contains("found unlocked")), "{said:?}");
        let keys = world.call(&["hwm", "show"]).named("key");
        assert!(keys.iter().all(|key| key["arming"] == armed), "{keys:?}");
    }
}

/// What unlocks for a look is outlived by a process that locks, unless it is told that this was done.
#[test]
fn h44_a_process_that_is_killed_between_unlock_and_lock_is_outlived() {
    let world = World::new(Signer::TezSign);
    let shown = world.call(&["hwm", "show"]);
    let selector = shown.named("device")[0]["selector"].as_str().unwrap().to_owned();
    let armed = |world: &World| world.call(&["hwm", "show"]).named("key").iter().any(|key| key["arming"] == "armed");
    // A machine whose guard was lifted meanwhile bakes: its keys are not locked under it.
    let (lifted, guarded) = (world.path("lifted"), world.path("guarded").display().to_string());
    std::fs::write(&lifted, "").unwrap();
    let lifted = lifted.display().to_string();
    for (said, token, stays) in
        [(&b"done"[..], "", true), (b"", "", false), (b"", lifted.as_str(), true), (b"", guarded.as_str(), false)]
    {
        device(&world, &json!("left-armed"));
        let mut child = program(&["lock-afterwards", &selector, token]).stdin(Stdio::piped()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(said).unwrap();
        assert!(armed(&world));
        drop(input);
        assert!(child.wait().unwrap().success());
        assert_eq!(armed(&world), stays, "{token}");
    }
}

/// The mark that guards the configured chain decides, not the one that a test network left behind.
#[test]
fn a_ledger_that_was_set_up_for_another_chain_is_named_and_taken_over() {
    let world = World::new(Signer::Ledger);
    device(&world, &json!({ "main-chain": { "chain": "NetXnHfVqm9iesp", "level": 20_000_000 } }));
    let ledger = |said: &Said| said.named("device")[0]["ledger"].clone();
    let shown = world.call(&["hwm", "show"]);
    assert_eq!(ledger(&shown)["chain"], "NetXnHfVqm9iesp", "{shown:?}");
    assert_eq!(shown.named("key")[0]["marks"]["block"], Value::Null, "{shown:?}");
    let (_, text) = says(&world.call(&["check"]), "chain of the Ledger");
    assert!(text.contains("set up for ghostnet") && text.contains("for mainnet"), "{text}");
    let raised = world.call(&["hwm", "raise", &(world.head() + 20).to_string()]);
    let next = raised.ends(3)["next"].as_str().unwrap().to_owned();
    assert!(raised.why().contains("set up for ghostnet") && raised.why().contains("(20,000,000, 0)"), "{raised:?}");
    assert!(next.contains("`failover run`") && !raised.out.contains("Look at the Ledger"), "{raised:?}");
    // Nothing is put on the screen, and what stands by is ready for a run all the same.
    let stood_by = world.call(&["standby", "--yes"]);
    let parts = stood_by.named("standby");
    assert!(parts.len() == 5 && parts.iter().all(|part| part["done"] == true), "{stood_by:?}");
    assert!(parts[4]["says"].as_str().unwrap().starts_with("left as they are, it is set up for ghostnet"), "{parts:?}");
    let run = world.run();
    run.ends(0);
    assert!(run.named("plan")[0]["takeover"].as_str().unwrap().contains("ghostnet"), "{run:?}");
    let shown = world.call(&["hwm", "show"]);
    assert_eq!(ledger(&shown)["chain"], "NetXdQprcVkpaWU", "{shown:?}");
    assert_eq!(ledger(&shown)["test"]["level"], 20_000_001, "{shown:?}");
}
