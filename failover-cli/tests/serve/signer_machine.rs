//! A primary whose signer runs on a machine of its own, behind a real ssh: both are stopped, tied to the guard and read back.

use failover_sim::{BAKER_UNIT, TEZSIGN_UNIT};

use crate::crash::cut;
use crate::sshd::Sshd;
use crate::world::{Signer, World};

/// The signer's service is the same stand-in machine's, by another way: what is asked of it goes over ssh alone.
fn apart() -> (World, Sshd) {
    let mut world = World::new(Signer::TezSign);
    let sshd = Sshd::with_tools(&world.path("sshd"), Some(world.path("primary/bin")));
    world.find_first(sshd.tools());
    let base = "/bake-buddy/node/data/.tezos-client";
    let baker = format!("[primary]\ncontrol = \"systemd\"\nunits = [\"{BAKER_UNIT}\"]\nmarks = [\"{base}\"]");
    let signer = format!("[primary.signer]\nhost = \"primary\"\ncontrol = \"systemd\"\nunits = [\"{TEZSIGN_UNIT}\"]\n");
    world.configure(|text| {
        let text = text.replace("[primary]\ncontrol = \"tezbake\"", &baker);
        text.replace("\n[backup]", &format!("\n{signer}\n[backup]"))
    });
    (world, sshd)
}

fn unit(world: &World, name: &str) -> String {
    world.exec("primary", &["systemctl", "is-active", name]).stdout.trim().to_owned()
}

#[test]
fn both_machines_are_stopped_guarded_and_read_back() {
    let (world, _sshd) = apart();
    let understood = world.call(&["config", "check"]);
    assert_eq!(understood.ends(0)["outcome"], "done");
    let config = understood.named("config").remove(0);
    assert_eq!(config["primary_signer"], format!("systemd ({TEZSIGN_UNIT}) on primary"), "{config}");
    let run = world.run();
    run.ends(0);
    assert!(!world.bakes("primary") && world.bakes("backup"));
    for name in [BAKER_UNIT, TEZSIGN_UNIT] {
        assert_eq!(unit(&world, name), "inactive", "{name}");
        let started = world.exec("primary", &["sudo", "-n", "systemctl", "start", "--", name]);
        assert!(started.code != 0, "{name} is tied to the guard");
    }
    let rungs = run.named("fence").into_iter().next_back().unwrap()["rungs"].to_string();
    assert!(rungs.contains(BAKER_UNIT) && rungs.contains(TEZSIGN_UNIT), "{rungs}");
}

/// What was fenced on both is given back to both.
#[test]
fn a_return_starts_the_signer_too() {
    let (world, _sshd) = apart();
    let plan = world.plan();
    assert!(cut(&world, &plan, |record| record["record"] == "after" && record["step"] == "guard-primary"));
    assert_eq!([BAKER_UNIT, TEZSIGN_UNIT].map(|name| unit(&world, name)), ["inactive"; 2]);
    world.call(&["stand-down"]).ends(0);
    let returned = world.call(&["return", "--yes"]);
    returned.ends(0);
    assert_eq!([BAKER_UNIT, TEZSIGN_UNIT].map(|name| unit(&world, name)), ["active"; 2], "{returned:?}");
    assert_eq!(world.book().backup, 0);
}

/// A signer that nobody can ask is not stopped, whatever its baker is.
#[test]
fn a_signer_out_of_reach_is_an_emergency() {
    let (world, mut sshd) = apart();
    sshd.stop();
    let plan = world.call(&["run", "--plan-only"]);
    plan.ends(0);
    assert_eq!(plan.named("plan")[0]["path"], "uncontrolled", "{plan:?}");
    assert!(world.bakes("primary"));
    sshd.listen();
    let plan = world.call(&["run", "--plan-only"]);
    assert_eq!(plan.named("plan")[0]["path"], "controlled", "{plan:?}");
}
