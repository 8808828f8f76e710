//! A signer that loses its plug right after the start and comes back locked (S1, S6): a run that nobody watches arms it again.

use std::process::Stdio;

use serde_json::json;

use crate::said::Said;
use crate::world::{Signer, World, until};

/// The passphrase was given once, and serves a second time; the first start's baker waited in vain.
#[test]
fn a_run_that_nobody_watches_arms_it_again() {
    let world = World::new(Signer::TezSign);
    let plan = world.plan();
    let args = ["run", "--yes", "--confirm-disconnected", &plan];
    let run = world.program(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let starts = || world.journal().iter().filter(|r| r["record"] == "after" && r["step"] == "start").count();
    until("the start", || starts() == 1);
    world.event(&json!({ "unplug": "backup" }));
    std::thread::sleep(std::time::Duration::from_secs(2));
    world.event(&json!({ "plug": "backup" }));

    let output = run.wait_with_output().unwrap();
    let said = Said::of(output);
    said.ends(0);
    assert_eq!(starts(), 2, "{said:?}");
    assert!(world.bakes("backup") && !world.bakes("primary"));
    let shown = world.call(&["hwm", "show"]);
    assert!(shown.named("key").iter().all(|key| key["arming"] == "armed"), "{shown:?}");
    assert!(world.book().backup > 0);
}
