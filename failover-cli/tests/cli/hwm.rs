//! `hwm show` and `hwm raise` as processes, against a served TezSign and a served node.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::support::{Gadget, Said, call, failover, finish, gadget, http, node, nodes};
use failover_core::signer::tezsign::TezSign;
use failover_core::signer::{Arm, KeyName, Mark, Marks, Passphrase, SignerDevice as _};
use failover_core::tezos::{ChainId, Level, Position};
use failover_sim::tezsign::{Fault, PASSPHRASE};
use tempfile::TempDir;

fn world() -> (TempDir, Gadget) {
    let folder = tempfile::tempdir().unwrap();
    let gadget = gadget(folder.path());
    (folder, gadget)
}

fn marks_at(level: u64) -> Marks {
    Marks::all(Mark::at(Position::start_of(Level::new(level).unwrap())))
}

/// Calls `hwm raise` with `--json`, the passphrase in the environment.
fn raise(gadget: &Gadget, args: &[&str]) -> Said {
    let mut all = vec!["--json", "--device", &gadget.selector, "hwm", "raise"];
    all.extend(args);
    finish(failover(&all).env("TEZSIGN_UNLOCK_PASS", std::str::from_utf8(PASSPHRASE).unwrap()))
}

/// Every key as it really is: unlocked or not, and its marks.
fn truth(gadget: &Gadget) -> Vec<(bool, Marks)> {
    gadget.sim.with(|sim| sim.keys()).into_iter().map(|(_, _, unlocked, marks)| (unlocked, marks)).collect()
}

#[test]
fn a_locked_key_is_unknown_and_never_zero() {
    let (_folder, gadget) = world();
    let said = call(&["--json", "--device", &gadget.selector, "hwm", "show"]);
    assert_eq!(said.end()["outcome"], "done");
    let keys = said.named("key");
    assert_eq!(keys.len(), 2, "{said:?}");
    for key in keys {
        assert!(key["marks"].is_null() && key["unknown"] == "locked" && key["arming"] == "disarmed", "{key}");
    }
    let said = call(&["--device", &gadget.selector, "hwm", "show"]);
    assert_eq!(said.out.matches("unknown (locked)").count(), 6, "{}", said.out);
    assert!(said.out.lines().last().unwrap().starts_with("Next: "), "{}", said.out);
}

#[test]
fn all_keys_are_unlocked_raised_read_back_and_locked_again() {
    let (folder, gadget) = world();
    let (own, further) = nodes(ChainId::MAINNET);
    let config = configured(folder.path(), &gadget, &own, "");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replacen("[signer]", &format!("others = [\"{further}\"]\n[signer]"), 1)).unwrap();
    let said = raise(&gadget, &["--config", &config, "15_000_050"]);
    assert_eq!(said.code, 0, "{said:?}");
    said.end();
    let raised = said.named("raised");
    assert_eq!(raised.len(), 2);
    assert_eq!(raised[0]["after"]["block"]["level"], 15_000_050);
    assert_eq!(raised[0]["already"], false);
    assert!(said.named("cap")[0]["source"].as_str().unwrap().starts_with("node http://127.0.0.1:"));
    assert_eq!(truth(&gadget), [(false, marks_at(15_000_050)); 2]);
    // Once more: already there is success.
    let said = raise(&gadget, &["--config", &config, "15,000,050"]);
    assert_eq!((said.code, &said.named("raised")[0]["already"]), (0, &true.into()), "{said:?}");
    // Lower: refused, and still locked again.
    let said = raise(&gadget, &["--config", &config, "15000049"]);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.error().contains("never lowered"), "{said:?}");
    assert_eq!(truth(&gadget), [(false, marks_at(15_000_050)); 2]);
}

/// H26: a node that nobody confirms needs the head as the person read it elsewhere, and no mark goes above the lower one.
#[test]
fn h26_a_node_by_itself_is_not_enough() {
    let (_folder, gadget) = world();
    let node = node(ChainId::MAINNET);
    let said = raise(&gadget, &["--node", &node, "15000050"]);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.end()["next"].as_str().unwrap().contains("--head LEVEL"), "{said:?}");
    let said = raise(&gadget, &["--node", &node, "--head", "19999993", "19999999"]);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.error().contains("past the cap"), "{said:?}");
    assert_eq!(truth(&gadget), [(false, Marks::default()); 2]);
    let said = raise(&gadget, &["--node", &node, "--head", "14999950", "15000050"]);
    assert_eq!((said.code, &said.named("cap")[0]["cap"]), (0, &15_000_050.into()), "{said:?}");
}

#[test]
fn past_the_cap_is_refused_before_the_device_is_asked() {
    let (_folder, gadget) = world();
    let node = node(ChainId::MAINNET);
    std::fs::remove_file(&gadget.path).unwrap();
    let said = raise(&gadget, &["--node", &node, "--head", "15000000", "25000000"]);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.error().contains("past the cap"), "{said:?}");
    said.end();
}

#[test]
fn without_a_fresh_head_only_a_typed_one_lets_a_mark_move() {
    let (_folder, gadget) = world();
    let html = http(|_| (200, b"<html>hello</html>".to_vec()));
    for node in ["http://127.0.0.1:1", &html] {
        let said = raise(&gadget, &["--node", node, "15000050"]);
        assert_eq!(said.code, 3, "{said:?}");
        assert!(said.end()["next"].as_str().unwrap().contains("--head LEVEL"), "{said:?}");
    }
    let said = raise(&gadget, &["--node", &html, "--head", "15000000", "15000050"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(said.named("cap")[0]["source"], "typed by the person");
    assert!(!said.named("warning").is_empty());
}

#[test]
fn the_wrong_chain_is_refused_whatever_is_typed() {
    let (folder, gadget) = world();
    let node = node(ChainId::new([1, 2, 3, 4]));
    let config = configured(folder.path(), &gadget, &node, "");
    let said = raise(&gadget, &["--config", &config, "--head", "15000000", "15000050"]);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.error().contains("on the chain"), "{said:?}");
    assert_eq!(truth(&gadget), [(false, Marks::default()); 2]);
}

fn configured(folder: &Path, gadget: &Gadget, node: &str, signer: &str) -> String {
    let path = folder.join("config.toml");
    let device = &gadget.selector;
    // Nothing of it is a real machine's: its permits lie in its own state folder.
    let state = folder.join("state").display().to_string();
    let text = format!(
        "simulated = true\nstate = \"{state}\"\n[baker]\nname = \"b\"\naddress = \"tz1aWXP237BLwNHJcCD4b3DutCevhqq2T1Z9\"\nnetwork = \"mainnet\"\n\
         [chain]\nnode = \"{node}\"\n[signer]\ndevice = \"{device}\"\n{signer}\n[backup]\ncontrol = \"tezbake\"\n"
    );
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn the_passphrase_file_and_the_keys_of_the_configuration() {
    let (folder, gadget) = world();
    let pass = folder.path().join("pass");
    std::fs::write(&pass, [PASSPHRASE, b"\n"].concat()).unwrap();
    std::fs::set_permissions(&pass, std::fs::Permissions::from_mode(0o644)).unwrap();
    let signer = "keys = [\"companion\"]\npassphrase_file = \"pass\"";
    let config = configured(folder.path(), &gadget, &node(ChainId::MAINNET), signer);
    let said = call(&["--json", "--config", &config, "hwm", "raise", "--head", "15000000", "15000050"]);
    assert_eq!(said.code, 0, "{said:?}");
    let warned = |warning: &serde_json::Value| warning["message"].as_str().unwrap().contains("chmod 600");
    assert!(said.named("warning").iter().any(warned), "{said:?}");
    let raised = said.named("raised");
    assert_eq!((raised.len(), &raised[0]["key"]), (1, &"companion".into()));
    assert!(!said.out.contains(std::str::from_utf8(PASSPHRASE).unwrap()));
}

#[test]
fn a_wrong_passphrase_changes_nothing() {
    let (_folder, gadget) = world();
    let args = ["--json", "--device", &gadget.selector, "hwm", "raise", "--head", "15000000", "15000050"];
    let said = finish(failover(&args).env("TEZSIGN_UNLOCK_PASS", "wrong"));
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.error().contains("passphrase"), "{said:?}");
    // None at all, and nobody to ask.
    let said = call(&args);
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.error().contains("no terminal"), "{said:?}");
    assert_eq!(truth(&gadget), [(false, Marks::default()); 2]);
}

#[test]
fn a_raise_that_is_denied_leaves_every_key_locked() {
    let (_folder, gadget) = world();
    gadget.sim.with(|sim| sim.set_fault(Some(Fault::UnreadableStore)));
    assert_eq!(raise(&gadget, &["--head", "15000000", "15000050"]).code, 4);
    gadget.sim.with(|sim| sim.set_fault(None));
    let said = raise(&gadget, &["--head", "15000000", "15000050", "nosuch"]);
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.error().contains("has no key nosuch"), "{said:?}");
    assert!(truth(&gadget).iter().all(|(unlocked, _)| !unlocked));
}

#[test]
fn keys_that_a_service_uses_are_raised_and_stay_unlocked() {
    let (_folder, gadget) = world();
    let keys = [KeyName::new("consensus"), KeyName::new("companion")];
    let mut service = TezSign::new(gadget.sim.seen_by("tezsign"));
    service.arm(Arm::Unlock { keys: &keys, passphrase: &Passphrase::new(PASSPHRASE.to_vec()) }).unwrap();
    service.hold().unwrap();
    // No passphrase is needed, and none is there.
    let said = call(&["--json", "--device", &gadget.selector, "hwm", "raise", "--head", "15000000", "15000050"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(truth(&gadget), [(true, marks_at(15_000_050)); 2]);
}

#[test]
fn a_corrupted_key_is_refused() {
    let (_folder, gadget) = world();
    gadget.sim.with(|sim| sim.corrupt("consensus"));
    let said = raise(&gadget, &["--head", "15000000", "15000050"]);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(truth(&gadget).iter().all(|(unlocked, _)| !unlocked));
    let (keys, passphrase) = ([KeyName::new("consensus")], Passphrase::new(PASSPHRASE.to_vec()));
    let mut driver = TezSign::new(gadget.sim.clone());
    driver.arm(Arm::Unlock { keys: &keys, passphrase: &passphrase }).unwrap();
    let said = call(&["--device", &gadget.selector, "hwm", "show"]);
    assert_eq!(said.code, 4, "{said:?}");
    assert!(said.out.contains("CORRUPTED"), "{said:?}");
}

#[test]
fn a_level_between_the_marks_of_a_key_goes_above_the_highest() {
    let (_folder, gadget) = world();
    gadget.sim.with(|sim| sim.set_marks("consensus", Marks { attestation: Mark::default(), ..marks_at(15_000_050) }));
    let said = raise(&gadget, &["--head", "15000000", "15000050", "consensus"]);
    assert_eq!(said.code, 0, "{said:?}");
    // By name: companion, consensus.
    assert_eq!(truth(&gadget), [(false, Marks::default()), (false, marks_at(15_000_051))]);
}
