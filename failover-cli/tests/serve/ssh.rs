//! The primary over a real ssh.

use crate::crash::whole_proof;
use crate::sshd::Sshd;
use crate::world::{Signer, World};

/// A world whose primary is reached over ssh only.
pub(crate) fn over_ssh() -> (World, Sshd) {
    let mut world = World::new(Signer::TezSign);
    let sshd = Sshd::start(&world.path("sshd"));
    world.find_first(sshd.tools());
    world.configure(|text| text.replace("[primary]\n", "[primary]\nhost = \"primary\"\n"));
    (world, sshd)
}

#[test]
fn the_primary_is_stopped_over_ssh_and_no_other_machine_is() {
    let (world, mut sshd) = over_ssh();
    // Another key than the known one: another machine, whatever it says of itself (H19).
    sshd.known_as("other");
    let impostor = world.call(&["run", "--plan-only"]);
    impostor.ends(3);
    world.call(&["check"]).ends(4);
    sshd.known_as("host");
    std::fs::remove_file(world.state().join("pins.json")).unwrap();
    let check = world.call(&["check"]);
    assert!(check.out.contains("primary pinned: machine-id"), "{}", check.out);
    // Nobody there: an emergency run, and the plan says so.
    sshd.stop();
    let plan = world.call(&["run", "--plan-only"]);
    plan.ends(0);
    assert_eq!(plan.named("plan")[0]["path"], "uncontrolled", "{plan:?}");
    assert_eq!(plan.named("plan")[0]["silent"], 10);
    sshd.listen();
    assert!(world.bakes("primary"));
    let plan = world.call(&["run", "--plan-only"]);
    assert_eq!(plan.named("plan")[0]["path"], "controlled", "{plan:?}");
    let run = world.run();
    run.ends(0);
    assert!(run.steps().contains(&"stop-primary".to_owned()));
    assert!(!world.bakes("primary") && world.book().backup > 0);
}

#[test]
fn a_primary_that_cannot_be_reached_is_failed_over_in_an_emergency() {
    // Two minutes after the statement, however fast the blocks are.
    if !whole_proof() {
        return;
    }
    let (world, mut sshd) = over_ssh();
    sshd.stop();
    world.event(&serde_json::json!({ "power-off": "primary" }));
    let run = world.run();
    let end = run.ends(0);
    assert_eq!(end["resumed"]["path"], "uncontrolled");
    assert!(end["next"].as_str().unwrap().contains("unplug its signer"), "{end}");
    assert!(world.book().backup > 0);
}
