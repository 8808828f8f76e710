//! A node, a disk, a passphrase, a sudo that are not as they should be: one sentence, the right exit code, a next
//! action, nothing changed that should not be.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::crash::cut;
use crate::world::{Signer, World, finish, script};

fn untouched(world: &World) {
    assert!(world.bakes("primary") && !world.bakes("backup"));
    assert_eq!(world.book().backup, 0);
}

#[test]
fn a_node_that_cannot_be_believed() {
    let world = World::new(Signer::TezSign);
    let well: [(Value, Value, &str); 9] = [
        (json!({ "rpc": "html" }), json!({ "rpc": null }), "HTML"),
        (json!({ "rpc": "huge" }), json!({ "rpc": null }), "bytes"),
        (json!({ "rpc": "hangs" }), json!({ "rpc": null }), "within"),
        (json!({ "rpc": "denied" }), json!({ "rpc": null }), "403"),
        (json!({ "rpc": "level-zero" }), json!({ "rpc": null }), "level"),
        (json!({ "rpc": "cut" }), json!({ "rpc": null }), ""),
        (json!({ "node-behind": 50 }), json!({ "node-behind": 0 }), "levels behind"),
        (json!({ "head-from-future": 60 }), json!({ "head-from-future": 0 }), "future"),
        (json!("wrong-chain"), json!({ "rpc": null }), "chain"),
    ];
    for (wrong, right, says) in well {
        world.event(&wrong);
        let said = world.call(&["run", "--yes"]);
        said.ends(3);
        assert!(said.why().contains(says), "{wrong}: {}", said.why());
        let level = world.call(&["level"]);
        assert!(matches!(level.code, 3 | 4), "{wrong}: {level:?}");
        level.ends(level.code);
        world.event(&right);
    }
    untouched(&world);
}

#[test]
fn a_wrong_passphrase_is_found_before_the_primary_is_touched() {
    let world = World::new(Signer::TezSign);
    let file = world.path("passphrase");
    let right = fs::read(&file).unwrap();
    fs::write(&file, "not the passphrase").unwrap();
    let run = world.run();
    run.ends(1);
    assert!(run.why().contains("passphrase"), "{}", run.why());
    assert!(!run.out.contains("stop-primary") && !run.out.contains("not the passphrase"));
    untouched(&world);
    // Five in 30 seconds, and the device listens to none for a while: the run waits, and goes on.
    let plan = format!("mybaker:{}", world.journal()[0]["plan"].as_str().unwrap());
    let resume = || world.call(&["resume", "--yes", "--confirm-disconnected", &plan]);
    for _ in 0..4 {
        resume().ends(1);
    }
    fs::write(&file, right).unwrap();
    resume().ends(0);
    assert!(world.book().backup > 0);
}

#[test]
fn a_journal_that_was_cut_in_a_record_is_resumed() {
    let world = World::new(Signer::TezSign);
    let plan = world.plan();
    assert!(cut(&world, &plan, |r| r["record"] == "after" && r["step"] == "note-level"));
    let journal = world.journals().remove(0);
    let bytes = fs::read(&journal).unwrap();
    fs::write(&journal, &bytes[..bytes.len() - 7]).unwrap();
    world.call(&["resume", "--yes", "--confirm-disconnected", &plan]).ends(0);
    assert!(world.book().backup > 0);
}

#[test]
fn a_full_disk_ends_the_run_with_nothing_armed() {
    let world = World::new(Signer::TezSign);
    let plan = world.plan();
    // No file of this process may grow past so many blocks of 512 bytes; the signal that says so is ignored, as on a disk
    // that is full.
    let limited = |blocks: &str| {
        let program = world.program(&["run", "--yes", "--confirm-disconnected", &plan]);
        let mut limited = Command::new("sh");
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
        limited.args(["-c", &script, "sh"]).arg(program.get_program());
        finish(limited.args(program.get_args()).stdin(Stdio::null()))
    };
    // Full from the beginning: seen before anything is touched (S17).
    let run = limited("4");
    run.ends(4);
    assert!(run.why().contains("File too large"), "{run:#?}");
    assert!(world.bakes("primary") && world.journal().is_empty());
    // Full in the middle.
    let run = limited("10");
    let end = run.ends(6);
    assert!(end["next"].as_str().unwrap().contains("failover resume"), "{end}");
    assert!(run.why().contains("File too large"), "{run:#?}");
    assert!(!world.bakes("backup") && world.book().backup == 0);
    let shown = world.call(&["hwm", "show"]);
    assert!(shown.named("key").iter().all(|key| key["arming"] == "disarmed"), "{shown:?}");
    // There is room again.
    world.call(&["resume", "--yes", "--confirm-disconnected", &plan]).ends(0);
    assert!(world.book().backup > 0);
}

#[test]
fn a_sudo_that_wants_a_password_is_said_beforehand_and_makes_an_emergency() {
    let world = World::new(Signer::TezSign);
    script(&world.path("primary/bin/sudo"), "echo 'sudo: a password is required' >&2; exit 1");
    let check = world.call(&["check"]);
    check.ends(4);
    assert!(check.out.contains("sudo wants a password"), "{}", check.out);
    let plan = world.plan();
    let mut failed = String::new();
    let uncontrolled = cut(&world, &plan, |record| {
        failed.push_str(record["why"].as_str().unwrap_or_default());
        record["record"] == "fence" && record["path"] == "uncontrolled"
    });
    assert!(uncontrolled && failed.contains("password"), "{failed}");
    world.call(&["stand-down"]).ends(0);
    untouched(&world);
}

/// Neither of Octez' programs writes its marks in one step.
#[test]
fn a_mark_file_that_is_being_written_is_looked_at_again() {
    let world = World::new(Signer::TezSign);
    let (cat, whole, count) = ("primary/bin/cat", "primary/bin/whole-cat", "reads");
    let [cat, whole, count] = [cat, whole, count].map(|name| world.path(name));
    fs::copy(&cat, &whole).unwrap();
    // What `check` says where so many readings find half of it, and how often it was read.
    let check = |cut: usize| {
        fs::write(&count, "").unwrap();
        let (count, whole) = (count.display(), whole.display());
        let half = format!("{whole} \"$@\" | head -c 40; exit 0");
        let counted = format!("echo >> {count}; [ $(wc -l < {count}) -gt {cut} ] || {{ {half}; }}");
        script(&cat, &format!("case \"$*\" in *highwatermarks*) {counted};; esac; exec {whole} \"$@\""));
        let looks = world.call(&["check"]).named("check");
        let marks = looks.into_iter().find(|look| look["what"] == "marks of the primary").unwrap();
        (marks["says"].as_str().unwrap().to_owned(), fs::read_to_string(world.path("reads")).unwrap().lines().count())
    };
    // A look that takes longer than usual reads it once more: then it is the other half of the test that has to be repeated.
    let (says, read, again) = (0..10)
        .find_map(|_| {
            let (says, read) = check(1000);
            // Once for the facts, and three times for this row.
            assert!(says.ends_with("is being written now") && read >= 4, "{says}, read {read} times");
            let (says, again) = check(read - 1);
            (again >= read).then_some((says, read, again))
        })
        .unwrap();
    assert!(says.starts_with("read from"), "{says}: {read}, {again}");
}

#[test]
fn a_key_that_nobody_knows_is_named_with_its_line() {
    let mut world = World::new(Signer::TezSign);
    world.configure(|text| text.replace("[signer]\n", "[signer]\nserial = \"x\"\n"));
    let said = world.call(&["run", "--plan-only"]);
    said.ends(2);
    assert!(said.why().contains("changed.toml:") && said.why().contains("serial"), "{}", said.why());
    untouched(&world);
}
