//! S16: `return` looks at everything that was armed here since the last standby, not at the newest journal alone; and a
//! signer that died is no dead end (H28).

use std::process::Command;

use serde_json::json;

use crate::crash::cut;
use crate::world::{Signer, World, host, until};

#[test]
fn what_has_baked_gives_nothing_back_however_new_the_newest_journal_is() {
    for signer in [Signer::TezSign, Signer::Ledger] {
        let world = World::new(signer);
        let plan = world.plan();
        world.call(&["run", "--yes", "--confirm-disconnected", &plan, "--confirm-ledger-setting", &plan]).ends(0);
        until("the backup signs", || world.book().backup > 0);
        // Nobody is there to say yes, or it is seen that this machine bakes (H43): its journal has no step at all.
        let nothing = world.call(&["run"]);
        assert!([2, 3].contains(&nothing.code), "{nothing:?}");
        world.call(&["stand-down"]).ends(0);
        world.event(&json!({ "plug": "primary" }));
        let refused = world.call(&["return", "--yes", "--confirm-not-moved", &host()]);
        let next = refused.ends(3)["next"].as_str().unwrap().to_owned();
        assert!(!world.bakes("primary"), "{refused:?}");
        assert!(refused.why().contains("may have signed"), "{refused:?}");
        assert!(next.contains("failover standby") && next.contains("failover run"), "{next}");
    }
}

/// Whatever is typed on a backup that bakes and is refused leaves its keys as they are, now and later: a process that was to
/// lock what a killed command leaves unlocked locked them after each refused `return`.
#[test]
fn what_is_refused_on_a_backup_that_bakes_locks_nothing() {
    let world = World::new(Signer::TezSign);
    let plan = world.plan();
    world.call(&["run", "--yes", "--confirm-disconnected", &plan]).ends(0);
    let refused: [(&[&str], &[i32]); 6] = [
        (&["return", "--yes"], &[3]),
        (&["standby", "--yes"], &[3]),
        (&["check", "--unlock"], &[4]),
        (&["run", "--yes"], &[2, 3]),
        (&["resume", "--yes"], &[0, 3]),
        (&["hwm", "show"], &[0]),
    ];
    for (words, codes) in refused {
        let said = world.call(words);
        assert!(codes.contains(&said.code), "{words:?}: {said:?}");
        let there = Command::new("ps").args(["-eo", "args="]).output().unwrap();
        let device = world.path("backup.tezsign").display().to_string();
        let there = String::from_utf8_lossy(&there.stdout).into_owned();
        let left: Vec<&str> =
            there.lines().filter(|line| line.contains("lock-afterwards") && line.contains(&device)).collect();
        assert!(left.is_empty(), "{words:?} leaves {left:?}");
        let shown = world.call(&["hwm", "show"]);
        assert!(shown.named("key").iter().all(|key| key["arming"] == "armed"), "{words:?}: {shown:?}");
        assert!(world.bakes("backup") && !world.bakes("primary"), "{words:?}");
    }
    let book = world.book().backup;
    until("the backup goes on baking", || world.book().backup > book);
}

#[test]
fn a_dead_signer_is_stated_to_be_unplugged_and_the_primary_bakes_again() {
    let world = World::new(Signer::TezSign);
    let plan = world.plan();
    assert!(cut(&world, &plan, |record| record["record"] == "after" && record["step"] == "note-level"));
    world.event(&json!({ "unplug": "backup" }));
    let flag = format!("--confirm-unplugged {}", host());
    // Each last line leads on: the stand-down to `return`, and that to the statement.
    let down = world.call(&["stand-down"]).ends(1)["next"].as_str().unwrap().to_owned();
    assert!(down.contains("failover return") && down.contains(&flag), "{down}");
    let asked = world.call(&["return", "--yes"]);
    assert!(asked.ends(2)["next"].as_str().unwrap().contains(&flag), "{asked:?}");
    assert!(!world.bakes("primary"));
    // The statement is about this machine, and no other.
    world.call(&["return", "--yes", "--confirm-unplugged", "another-machine"]).ends(2);
    assert!(!world.bakes("primary"));
    world.call(&["return", "--yes", "--confirm-unplugged", &host()]).ends(0);
    assert!(world.bakes("primary") && !world.bakes("backup"));
    world.event(&json!({ "plug": "primary" }));
    assert_eq!(world.book().backup, 0);
    assert_eq!(world.call(&["resume"]).ends(0)["outcome"], "returned");
}

/// A refusal of `return` leaves the run as it was: over, and a new one can begin.
#[test]
fn a_return_that_is_refused_by_a_mark_leaves_nothing_to_resume() {
    let world = World::new(Signer::TezSign);
    let plan = world.plan();
    assert!(cut(&world, &plan, |record| record["record"] == "after" && record["step"] == "note-level"));
    world.call(&["stand-down"]).ends(0);
    // By hand, and past what the primary may have signed: on record, so that it is no gap.
    let raised = world.call(&["hwm", "raise", &(world.head() + 20).to_string()]);
    raised.ends(0);
    let history = std::fs::read_to_string(world.state().join("token-history.jsonl")).unwrap();
    assert!(history.contains("\"event\":\"raised\""), "{history}");
    // The same, and it is not on record.
    std::fs::remove_file(world.state().join("token-history.jsonl")).unwrap();
    let refused = world.call(&["return", "--yes"]);
    refused.ends(3);
    assert!(refused.why().contains("may have signed"), "{refused:?}");
    assert!(!world.bakes("primary"));
    let shown = world.call(&["hwm", "show"]);
    assert!(shown.named("key").iter().all(|key| key["arming"] == "disarmed"), "{shown:?}");
    world.run().ends(0);
    assert!(world.bakes("backup"));
}
