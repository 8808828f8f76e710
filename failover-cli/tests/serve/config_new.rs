//! `config new` in a served world: node, device, TezBake here and over a real ssh are found, and Enter takes them.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::keyboard::Terminal;
use crate::sshd::Sshd;
use crate::world::{Signer, World, finish, program};

/// The program on the backup, which has an `ssh` of its own.
fn on_the_backup(world: &World, ssh: Option<&Sshd>, args: &[&str]) -> Command {
    let mut command = program(args);
    let bin = world.path("backup/bin");
    let ssh = ssh.map(|sshd| format!("{}:", sshd.tools().display())).unwrap_or_default();
    command.env("PATH", format!("{ssh}{}:{}", bin.display(), std::env::var("PATH").unwrap()));
    command
}

fn text(world: &World, pointer: &str) -> String {
    world.json().pointer(pointer).unwrap().as_str().unwrap().to_owned()
}

/// Nothing was armed, stopped, pinned or written down.
fn untouched(world: &World) {
    assert!(world.bakes("primary") && !world.bakes("backup"));
    assert_eq!((world.book().backup, world.journals().len()), (0, 0));
    let shown = world.call(&["hwm", "show"]);
    assert!(shown.named("key").iter().all(|key| key["arming"] == "disarmed"), "{shown:?}");
    assert!(!world.state().join("pins.json").exists());
}

fn understood(world: &World, path: &Path) -> serde_json::Value {
    let mut check = on_the_backup(world, None, &["--json", "--config"]);
    let check = finish(check.arg(path).args(["config", "check"]));
    check.ends(0);
    check.named("config").remove(0)
}

#[test]
fn enter_takes_what_was_found_and_the_file_runs() {
    let world = World::new(Signer::TezSign).never_used();
    let sshd = Sshd::with_tools(&world.path("sshd"), Some(world.path("primary/bin")));
    let path = world.path("new.toml");
    let (baker, device, node) = (text(&world, "/baker"), text(&world, "/backup/device"), text(&world, "/node"));
    let tzkt = text(&world, "/sources/0/url");
    let mut terminal = Terminal::start(on_the_backup(&world, Some(&sshd), &["config", "new", path.to_str().unwrap()]));
    terminal.answer("own node's RPC", format!("{node}\n").as_bytes());
    let said = terminal.answer(&format!("own node's RPC [{node}]:"), b"\n");
    assert!(said.contains(&format!("A node answers at {node}: mainnet (NetXdQprcVkpaWU), head ")), "{said}");
    assert!(said.contains(", fresh."), "{said}");
    terminal.answer("Which device", format!("{device}\n").as_bytes());
    let said = terminal.answer(&format!("(manager) address [{baker}]:"), b"\n");
    assert!(said.contains("TezSign 2026-04-30, its keys: companion, consensus"), "{said}");
    let said = terminal.answer("The baker's name", b"alice\n");
    for (role, key) in [("consensus", 0), ("companion", 1)] {
        let key = text(&world, &format!("/keys/{key}/key"));
        assert!(said.contains(&format!("the {role} key {key} is on the device as {role}")), "{said}");
    }
    let said = terminal
        .answer("runs the baker on this machine: tezbake [INSTANCE], systemd UNIT..., or command [tezbake]:", b"\n");
    assert!(said.contains("bb-default-node-xtz-baker.service, bb-default-signer-tezsign.service"), "{said}");
    terminal.answer("The primary's ssh destination", b"primary\n");
    let said =
        terminal.answer("runs the baker on primary: tezbake [INSTANCE], systemd UNIT..., or command [tezbake]:", b"\n");
    assert!(said.contains("ssh to primary works"), "{said}");
    terminal.answer("second opinion, or none [https://api.tzkt.io]:", format!("{tzkt}\n").as_bytes());
    let (code, out) = terminal.end();
    assert!(code == 0 && out.contains("Primary     tezbake on primary"), "{code}: {out}");
    let last = out.lines().last().unwrap();
    assert!(last.starts_with(&format!("Next: run `failover --config {} check`", path.display())), "{last}");

    let config = understood(&world, &path);
    for (key, value) in [
        ("name", json!("alice")),
        ("address", json!(baker)),
        ("network", json!("mainnet")),
        ("node", json!(node)),
        ("tzkt", json!(tzkt)),
        ("device", json!(device)),
        ("keys", json!([])),
        ("primary", json!("tezbake on primary")),
        ("backup", json!("tezbake on this machine")),
    ] {
        assert_eq!(config[key], value, "{key}");
    }
    untouched(&world);
    // It is a configuration that a run would be planned with, once the primary is pinned.
    let state = world.path("new-state");
    // Of simulated machines: permits, claims and locks lie beside their state.
    let written = fs::read_to_string(&path).unwrap();
    let there = format!("[primary]\nstate = \"{}\"", world.path("primary-state").display());
    let simulated =
        format!("simulated = true\nstate = \"{}\"\n{}", state.display(), written.replacen("[primary]", &there, 1));
    fs::write(&path, simulated).unwrap();
    let mut check = on_the_backup(&world, Some(&sshd), &["--json", "--config"]);
    finish(check.arg(&path).arg("--state").arg(&state).arg("check")).ends(4);
    let mut plan = on_the_backup(&world, Some(&sshd), &["--json", "--config"]);
    plan.arg(&path).arg("--state").arg(&state).args(["run", "--plan-only"]);
    let plan = finish(&mut plan);
    plan.ends(0);
    assert_eq!(plan.named("plan")[0]["path"], "controlled", "{plan:?}");
}

#[test]
fn a_ledger_is_found_by_its_key_and_nobody_is_asked() {
    let world = World::new(Signer::Ledger).never_used();
    let (device, node) = (text(&world, "/backup/device"), text(&world, "/node"));
    let path = world.path("new.toml");
    let args = ["--json", "--device", &device, "--node", &node, "config", "new", "--yes", "--name", "bob"];
    // A terminal alone makes nobody answer.
    let mut command = on_the_backup(&world, None, &args);
    command.arg(&path);
    let (code, out) = Terminal::start(command).end();
    assert_eq!(code, 0, "{out}");
    let written = fs::read_to_string(&path).unwrap();
    assert!(written.contains("\npath = \"44'/1729'/0'/0'\"") && written.contains("\ncurve = \"ed25519\""), "{written}");
    assert!(written.contains("\n# tzkt = \"https://api.tzkt.io\""), "nobody agreed to it: {written}");
    let config = understood(&world, &path);
    assert_eq!((&config["address"], &config["primary"]), (&json!(text(&world, "/baker")), &json!(null)));
    untouched(&world);
}

#[test]
fn a_wrong_card_and_a_primary_that_is_another_are_said_and_end_nothing() {
    let world = World::new(Signer::TezSign).never_used();
    let sshd = Sshd::with_tools(&world.path("sshd"), Some(world.path("backup/bin")));
    let other = World::new(Signer::TezSign);
    let (device, node, baker) = (text(&other, "/backup/device"), text(&world, "/node"), text(&world, "/baker"));
    let ask = |name: &str| {
        let path = world.path(name);
        let args = ["--json", "--device", &device, "--node", &node, "config", "new", "--address", &baker];
        let mut command = on_the_backup(&world, Some(&sshd), &args);
        finish(command.args(["--name", "bob", "--primary", "primary"]).arg(path))
    };
    let warned = |said: &crate::said::Said, words: &str| {
        assert!(
            said.named("warning").iter().any(|w| w["message"].as_str().unwrap().contains(words)),
            "{words}: {said:?}"
        );
    };
    // The machine at that address is this one (H19), and the card is somebody else's (H7).
    let said = ask("own.toml");
    let end = said.ends(0);
    assert!(end["next"].as_str().unwrap().contains("fill in control in [primary]"), "{end}");
    warned(&said, "this machine's own machine-id");
    warned(&said, "is not on the device: a run would be refused");
    let text = fs::read_to_string(world.path("own.toml")).unwrap();
    assert!(text.contains("\nhost = \"primary\"") && text.contains("is not on the device\n"), "{text}");
    // Another host key than the known one.
    sshd.known_as("other");
    warned(&ask("key.toml"), "does not have the expected ssh host key");
    untouched(&world);
}
