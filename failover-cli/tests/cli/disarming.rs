//! What disarms this machine does all that it can, whatever is missing (S12).

use std::path::Path;

use crate::support::{Said, call};

/// Calls a command on a machine whose Ledger is not plugged in, and whose stop command leaves a file.
fn without_its_ledger(folder: &Path, args: &[&str]) -> Said {
    let folder_named = folder.display();
    let config = format!(
        r#"simulated = true
state = "{folder_named}/state"
[baker]
name = "mybaker"
address = "tz1aWXP237BLwNHJcCD4b3DutCevhqq2T1Z9"
network = "mainnet"
[chain]
node = "http://127.0.0.1:1"
[signer]
device = "ledger:no-such-serial"
path = "44'/1729'/0'/0'"
curve = "ed25519"
[backup]
control = "command"
start = ["false"]
stop = ["touch", "{folder_named}/stopped"]
status = ["echo", "stopped"]
"#
    );
    let (config_file, state) = (folder.join("c.toml"), folder.join("state"));
    std::fs::write(&config_file, config).unwrap();
    let global = ["--json", "--config", config_file.to_str().unwrap(), "--state", state.to_str().unwrap()];
    call(&[&global, args].concat())
}

#[test]
fn a_ledger_that_is_not_there_keeps_nothing_from_being_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let said = without_its_ledger(folder.path(), &["stand-down"]);
    assert!(folder.path().join("stopped").exists(), "{said:?}");
    let disarmed = said.named("disarmed");
    assert_eq!(disarmed[0]["proven"], false, "a key that was not read back is not known to be locked");
    let what = disarmed[0]["what"].to_string();
    for done in ["guarded", "services read back stopped", "no ledger:no-such-serial found"] {
        assert!(what.contains(done), "{what}");
    }
    assert_eq!(said.end()["exit"], 1);
}

#[test]
fn a_machine_stands_by_as_far_as_it_can_without_its_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let said = without_its_ledger(folder.path(), &["standby", "--yes"]);
    assert!(folder.path().join("stopped").exists(), "{said:?}");
    let parts = said.named("standby");
    let done = |what: &str| parts.iter().find(|part| part["what"] == what).map(|part| part["done"].clone());
    assert_eq!((done("disarmed"), done("boot-guard")), (Some(false.into()), Some(true.into())), "{parts:?}");
    assert_eq!(said.end()["exit"], 4);
}
