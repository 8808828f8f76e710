//! `config new` where there is nothing to be found: what is not known is left open, and nothing is asked of nobody.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use failover_core::tezos::ChainId;

use crate::keyboard::Terminal;
use crate::support::{call, failover, finish, node};

/// Nothing listens there.
const NOBODY: &str = "http://127.0.0.1:1";

/// The program on a machine without systemd, ssh or TezBake.
fn bare(args: &[&str]) -> Command {
    let mut command = failover(args);
    command.env("PATH", "/nonexistent");
    command
}

#[test]
fn without_a_terminal_nothing_is_asked_and_what_is_not_known_is_left_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.toml");
    let said = finish(&mut bare(&["--json", "config", "new", "--primary", "b@p", path.to_str().unwrap()]));
    assert_eq!(said.code, 0, "{said:?}");
    let next = said.end()["next"].as_str().unwrap().to_owned();
    // A machine may have a device or a node; what nobody can know is open on every one.
    for open in ["address in [baker]", "control in [primary]", "control in [backup]"] {
        assert!(next.contains(open), "{next}");
    }
    let warned: Vec<String> = said.named("warning").iter().map(|w| w["message"].to_string()).collect();
    let warned = |words: &str| warned.iter().any(|warning| warning.contains(words));
    assert!(warned("the primary was tried once") && warned("what runs the baker on this machine"), "{said:?}");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    // What check misses is what is open, and nothing else is wrong.
    let check = call(&["--json", "--config", path.to_str().unwrap(), "config", "check"]);
    let error = check.error();
    assert!(check.code == 2 && error.contains("missing"), "{error}");
    let open = ["address", "control", "network", "node", "device", "name"];
    assert!(open.iter().any(|key| error.contains(key) && next.contains(key)), "{error}, {next}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn a_flag_is_taken_and_held_against_the_node() {
    let url = node(ChainId::MAINNET);
    let said = finish(&mut bare(&["--node", &url, "config", "new", "--network", "shadownet"]));
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.err.contains("the node is on the chain NetXdQprcVkpaWU, not NetXsqzbfFenSTS"), "{said:?}");
    assert!(said.out.contains("\nnetwork = \"shadownet\"") && said.out.contains("api.shadownet.tzkt.io"), "{said:?}");
    // A device that does not answer is used all the same, and said.
    let device = format!("tezsign+unix:{}", Path::new("/nonexistent/t.sock").display());
    let said = finish(&mut bare(&["--node", NOBODY, "--device", &device, "config", "new"]));
    assert!(said.out.contains(&format!("\ndevice = \"{device}\"")) && said.out.contains("\nnode = \""), "{said:?}");
    assert!(said.out.contains("\n# network = ") && said.err.contains("cannot be read"), "{said:?}");
    for wrong in [["--network", "nonet"], ["--address", "tz1"], ["--primary", "-oProxyCommand=x"], ["--name", " "]] {
        let said = finish(&mut bare(&["--json", "config", "new", wrong[0], wrong[1]]));
        assert_eq!(said.code, 2, "{wrong:?}: {said:?}");
        said.end();
    }
}

#[test]
fn a_file_that_is_there_is_refused_before_anything_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("there.toml");
    std::os::unix::fs::symlink("/nonexistent/x", &path).unwrap();
    let terminal = Terminal::start(bare(&["--json", "config", "new", path.to_str().unwrap()]));
    let (code, out) = terminal.end();
    assert!(code == 2 && out.contains("nothing is ever overwritten"), "{code}: {out}");
}

#[test]
fn wrong_answers_are_asked_again_and_ctrl_c_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.toml");
    let mut terminal = Terminal::start(bare(&["config", "new", path.to_str().unwrap()]));
    terminal.answer("own node's RPC", b"ftp://x\n");
    let said = terminal.answer("own node's RPC", format!("{NOBODY}\n").as_bytes());
    assert!(said.contains("not a URL"), "{said}");
    // It was tried, and is taken where it is given again.
    let said = terminal.answer(&format!("own node's RPC [{NOBODY}]:"), b"\n");
    assert!(said.contains(&format!("no node at {NOBODY}")), "{said}");
    terminal.answer("Which network", b"nonet\n");
    terminal.answer("Which network", b"shadownet\n");
    terminal.answer("Which device", b"usb\n");
    let said = terminal.answer("Which device", b"tezsign+unix:/nonexistent/t.sock\n");
    assert!(said.contains("is not a device"), "{said}");
    terminal.answer("(manager) address", b"tz1aWXP237BLwNHJcCD4b3DutCevhqq2T1Z8\n");
    let said = terminal.answer("(manager) address", b"\n");
    assert!(said.contains("base58check"), "{said}");
    terminal.answer("The baker's name", &[vec![b'x'; 65], vec![b'\n']].concat());
    // A sentence with this machine's name would name the backup where the primary is meant: it is neither offered nor taken.
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    terminal.answer("The baker's name, which is typed to confirm:", host.as_bytes());
    let said = terminal.answer("The baker's name, which is typed to confirm:", host.as_bytes());
    assert!(said.contains("is this machine, the backup"), "{said}");
    terminal.answer("The baker's name", b"alice\n");
    terminal.answer("on this machine: tezbake", b"systemd\n");
    let said = terminal.answer("on this machine: tezbake", b"command\n");
    assert!(said.contains("none of these"), "{said}");
    terminal.answer("starts what signs", b"/usr/bin/start it\n");
    terminal.answer("stops what signs", b"/usr/bin/stop\n");
    terminal.answer("prints running or stopped", b"/usr/bin/ask\n");
    terminal.answer("The primary's ssh destination", b"-oProxyCommand=x\n");
    terminal.answer("The primary's ssh destination", b"none\n");
    terminal.answer("second opinion, or none [https://api.shadownet.tzkt.io]:", b"\x03");
    let (code, out) = terminal.end();
    assert!(code == 8 && !path.exists(), "{code}: {out}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn what_was_answered_is_what_is_written() {
    let folder = tempfile::tempdir().unwrap();
    // The folder of the usual place is not there yet.
    let path = folder.path().join("failover/config.toml");
    let url = node(ChainId::MAINNET);
    let mut terminal = Terminal::start(bare(&["--node", &url, "config", "new", path.to_str().unwrap()]));
    terminal.answer("Which device", b"ledger+tcp:127.0.0.1:1\n");
    terminal.answer("(manager) address", b"tz1aWXP237BLwNHJcCD4b3DutCevhqq2T1Z9\n");
    // The node does not know this one: given again it is taken.
    let said = terminal.answer("(manager) address [tz1aWXP237BLwNHJcCD4b3DutCevhqq2T1Z9]:", b"\n");
    assert!(said.contains("does not know"), "{said}");
    terminal.answer("The baker's name", b"alice\n");
    terminal.answer("on this machine: tezbake", b"systemd octez-baker octez-signer.service\n");
    terminal.answer("The primary's ssh destination", b"\n");
    terminal.answer("as a second opinion", b"none\n");
    let (code, out) = terminal.end();
    assert!(code == 0 && out.contains("Backup      systemd (octez-baker.service, octez-signer.service)"), "{out}");
    let check = call(&["--json", "--config", path.to_str().unwrap(), "config", "check"]);
    let config = &check.named("config")[0];
    assert_eq!((check.code, &config["name"], &config["network"]), (0, &"alice".into(), &"mainnet".into()));
    assert_eq!((&config["node"], &config["tzkt"]), (&url.into(), &serde_json::Value::Null));
    assert_eq!(config["keys"], serde_json::json!(["44'/1729'/0'/0'"]));
}
