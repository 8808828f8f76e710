//! The operator's file as an embedder reads it: one of another version is no silent one.

use std::path::Path;

use failover_core::config::{Config, ConfigError};

use crate::open::text;

fn wrong(text: &str) -> (usize, String) {
    match Config::parse(Path::new("/etc/failover/config.toml"), text).unwrap_err() {
        ConfigError::At { line, why, .. } => (line, why),
        other => unreachable!("{other}"),
    }
}

/// A key of a version that knew other ones, and one that this version wants and the file has not.
#[test]
fn unknown_and_missing_keys_are_named_by_line() {
    let good = text(Path::new("/nonexistent"));
    let line = |of: &str| good.lines().position(|line| line.starts_with(of)).unwrap() + 1;
    for (section, key) in [("[signer]", "slot"), ("[chain]", "timeout"), ("[backup]", "service"), ("[baker]", "alias")]
    {
        let (at, why) = wrong(&good.replace(section, &format!("{section}\n{key} = \"x\"")));
        assert_eq!(at, line(section) + 1, "{why}");
        assert!(why.contains("unknown field") && why.contains(key), "{why}");
    }
    for (section, key) in [("[baker]", "name"), ("[baker]", "address"), ("[chain]", "node"), ("[signer]", "device")] {
        let without: String =
            good.lines().filter(|line| !line.starts_with(key)).map(|line| format!("{line}\n")).collect();
        let (at, why) = wrong(&without);
        assert_eq!(at, line(section), "{why}");
        assert!(why.contains("missing field") && why.contains(key), "{why}");
    }
}

/// Only the file says that everything is simulated, and an embedder can ask.
#[test]
fn that_everything_is_simulated_is_said_by_the_file() {
    let simulated = text(Path::new("/nonexistent"));
    let real = simulated.replace("simulated = true\n", "");
    let read = |text: &str| Config::parse(Path::new("c.toml"), text).unwrap();
    assert!(read(&simulated).is_simulated() && !read(&simulated).root().is_usual());
    assert!(!read(&real).is_simulated() && read(&real).root().is_usual());
}
