//! The command line as scripts see it: exit codes, and a last line whatever happens.

use crate::support::{call, failover};

#[test]
fn what_is_wrong_on_the_command_line_exits_2() {
    let raise = ["hwm", "raise"];
    for args in [
        vec!["nosuch"],
        vec!["level", "--nosuch"],
        vec!["--device", "usb", "devices"],
        vec!["--node", "ftp://x", "level"],
        vec!["run", "--margin", "1"],
        vec!["run", "--plan-only", "--yes"],
        vec!["run", "--confirm-disconnected", "name"],
        vec!["activity", "--levels", "0"],
        vec!["watch", "--silent", "1"],
        vec!["watch", "--silent", "ten"],
        vec!["activity", "tz1xxx"],
        [&raise[..], &["0"]].concat(),
        [&raise[..], &["15_00"]].concat(),
        [&raise[..], &["2147483648"]].concat(),
    ] {
        let said = call(&args);
        assert_eq!(said.code, 2, "{args:?}: {said:?}");
        assert!(said.err.starts_with("Error: "), "{args:?}: {said:?}");
        assert!(said.out.starts_with("Next: ") && said.out.lines().count() == 1, "{args:?}: {said:?}");
        let said = call(&[&args[..], &["--json"]].concat());
        assert_eq!(said.end()["outcome"], "usage", "{args:?}");
        assert!(!said.error().is_empty() && said.err.is_empty(), "{args:?}: {said:?}");
    }
}

#[test]
fn every_command_ends_with_its_end_also_when_it_fails() {
    let nowhere = ["--json", "--state", "/nonexistent/state", "--node", "http://127.0.0.1:1"];
    let device = ["--device", "tezsign+unix:/nonexistent/t.sock"];
    for (args, code) in [
        (vec!["level"], 3),
        (vec!["activity", "tz1aWXP237BLwNHJcCD4b3DutCevhqq2T1Z9"], 3),
        (vec!["activity"], 2),
        (vec!["devices"], 0),
        (vec!["hwm", "show"], 4),
        (vec!["hwm", "raise", "100"], 3),
        (vec!["hwm", "raise", "100", "--head", "90"], 4),
        (vec!["watch"], 2),
        (vec!["guard", "check"], 3),
        (vec!["guard", "status"], 3),
        (vec!["config", "check"], 2),
        (vec!["config", "new"], 0),
        (vec!["completions", "bash"], 0),
        (vec!["man"], 0),
        (vec!["--help"], 0),
        (vec!["--version"], 0),
    ] {
        let said = call(&[&nowhere[..], &device, &args].concat());
        assert_eq!(said.code, code, "{args:?}: {said:?}");
        said.end();
        assert!(said.err.is_empty(), "{args:?}: {said:?}");
    }
}

#[test]
fn the_version_is_one_line_and_nothing_asked_for_is_the_help_and_no_success() {
    let version = call(&["--version"]);
    assert_eq!((version.code, version.out.as_str(), version.err.as_str()), (0, said_version().as_str(), ""));
    for args in [&[][..], &["guard"], &["hwm"]] {
        let said = call(args);
        assert!(said.code == 2 && said.out.contains("Usage: failover"), "{args:?}: {said:?}");
        assert!(!said.out.contains("Error:") && !said.err.contains("Error:"), "{args:?}: {said:?}");
        assert!(said.err.lines().last().unwrap().starts_with("Next: "), "{args:?}: {said:?}");
        let json = call(&[&["--json"][..], args].concat());
        assert!(json.code == 2 && json.end()["exit"] == 2, "{args:?}: {json:?}");
    }
}

fn said_version() -> String {
    format!("failover {}\n", env!("CARGO_PKG_VERSION"))
}

#[test]
fn a_device_that_is_there_and_cannot_be_used_is_listed() {
    let said = call(&["--json", "--device", "ledger+tcp:127.0.0.1:1", "devices"]);
    let devices = said.named("device");
    let found = devices.iter().find(|d| d["selector"] == "ledger+tcp:127.0.0.1:1").unwrap();
    assert_eq!((&found["model"], &found["accessible"]), (&"ledger".into(), &false.into()));
    assert!(!found["why"].as_str().unwrap().is_empty());
}

#[test]
fn documents_go_to_standard_output_alone() {
    for (args, begins) in [(["completions", "bash"], "_failover()"), (["config", "new"], "# failover")] {
        let said = call(&args);
        assert!(said.code == 0 && said.out.starts_with(begins), "{said:?}");
        // What was not found for the configuration is said before.
        let last = said.err.lines().last().unwrap();
        assert!(!said.out.contains("\nNext: ") && last.starts_with("Next: "), "{said:?}");
    }
}

/// What a package installs: a page for each command that is in the help, and none for what is hidden there.
#[test]
fn a_folder_gets_a_manual_page_for_each_command() {
    let folder = tempfile::tempdir().unwrap();
    let said = call(&["man", "--output", folder.path().to_str().unwrap()]);
    assert!(said.code == 0 && said.out.contains("failover.1"), "{said:?}");
    let page = |name: &str| std::fs::read_to_string(folder.path().join(name));
    for name in ["failover.1", "failover-run.1", "failover-guard-install.1", "failover-hwm-raise.1"] {
        assert!(page(name).unwrap().contains(".SH SYNOPSIS"), "{name}");
    }
    assert!(page("failover-stand-in.1").is_err(), "hidden in the help");
    let whole = page("failover.1").unwrap();
    let help = call(&["--help"]).out;
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // What goes on in a further line is indented by more.
    let commands: Vec<&str> = commands
        .filter_map(|line| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' '))?.split(' ').next())
        .filter(|name| *name != "help")
        .collect();
    assert!(commands.contains(&"drill") && commands.contains(&"man"), "{commands:?}");
    for name in commands {
        assert!(page(&format!("failover-{name}.1")).is_ok(), "{name}");
        assert!(whole.contains(&name.replace('-', "\\-")), "{name}");
    }
    let nowhere = call(&["man", "--output", "/nonexistent/folder"]);
    assert!(nowhere.code == 2 && nowhere.err.contains("was not written"), "{nowhere:?}");
}

#[test]
fn a_reader_that_went_away_is_no_panic() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status = failover(&["man"]).stdout(writer).status().unwrap();
    assert_eq!(status.code(), Some(0));
}
