use std::path::Path;

use failover_core::config::{Config, ConfigError};

use super::*;

/// A template with nothing left open.
fn whole(device: &str) -> Template {
    Template {
        name: Some("my \"baker\"".to_owned()),
        address: Some("tz4NTHPSqmuoo3o8BnQK5Bjhe9GxCUNvNkEh".parse().unwrap()),
        network: Some("mainnet".to_owned()),
        node: Some("http://127.0.0.1:8732".parse().unwrap()),
        device: Some(device.parse().unwrap()),
        primary: Some("baker@primary".to_owned()),
        primary_control: Some(Control::TezBake { instance: None, start: None }),
        backup: Some(Control::Systemd { units: vec!["octez-baker.service".to_owned()] }),
        ..Template::default()
    }
}

fn read(template: &Template) -> Result<Config, ConfigError> {
    Config::parse(Path::new("c.toml"), &template.text().unwrap())
}

/// The file as a person makes it whole: what says FILL IN is used as it stands there.
fn filled_in(text: &str) -> String {
    let fill = |line: &str| match line.strip_prefix("# ") {
        Some(setting) if line.contains("FILL IN: ") => {
            setting.replace("tz1...", "tz1aWXP237BLwNHJcCD4b3DutCevhqq2T1Z9")
        }
        _ => line.to_owned(),
    };
    text.lines().map(fill).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_written_can_be_read() {
    for device in ["tezsign:AB\"C", "ledger+tcp:127.0.0.1:9999"] {
        let template = whole(device);
        assert_eq!(template.open(), [""; 0]);
        let config = read(&template).unwrap();
        assert_eq!(config.baker.name, "my \"baker\"");
        assert_eq!(config.signer.device.to_string(), device);
        assert_eq!(Some(config.backup.control), template.backup);
        let primary = config.primary.machine.unwrap();
        assert_eq!(
            (primary.host.as_deref(), primary.control),
            (Some("baker@primary"), Control::TezBake { instance: None, start: None })
        );
        assert_eq!(config.chain.tzkt, None, "a source that nobody agreed to is not asked");
    }
}

#[test]
fn keys_paths_commands_and_sources_come_back_as_they_were() {
    let argv = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let control =
        Control::Command { start: argv(&["start it", "-\"x\""]), stop: argv(&["stop"]), status: argv(&["ask", "\\"]) };
    let keys = vec![KeyName::new("consensus"), KeyName::new("companion")];
    let (tzkt, backup): (SourceUrl, _) = ("https://api.tzkt.io".parse().unwrap(), Some(control.clone()));
    let template = Template { keys: keys.clone(), tzkt: Some(tzkt.clone()), backup, primary: None, ..whole("tezsign") };
    let config = read(&template).unwrap();
    assert_eq!((config.signer.keys, config.chain.tzkt), (keys, Some(tzkt)));
    assert_eq!((config.backup.control, config.primary.machine), (control, None));

    let key = ("44h/1729h/1h/0h".parse::<KeyPath>().unwrap(), Derivation::Bip32Ed25519);
    let config = read(&Template { ledger: Some(key.clone()), ..whole("ledger") }).unwrap();
    assert_eq!((config.signer.path, config.signer.curve), (Some(key.0), key.1));
}

#[test]
fn what_check_misses_is_what_was_left_open() {
    let nothing = Template { primary: Some("baker@primary".to_owned()), ..Template::default() };
    let text = nothing.text().unwrap();
    assert_eq!(text.matches("FILL IN: ").count(), nothing.open().len());
    // One after the other: what is missing is named, and with the last line filled in nothing is.
    let mut open = whole("tezsign");
    for (take, key, says) in [
        ((|t| t.name = None) as fn(&mut Template), "name in [baker]", "`name`"),
        (|t| t.address = None, "address in [baker]", "`address`"),
        (|t| t.network = None, "network in [baker]", "`network`"),
        (|t| t.node = None, "node in [chain]", "`node`"),
        (|t| t.device = None, "device in [signer]", "`device`"),
        (|t| t.primary_control = None, "control in [primary]", "control is missing"),
        (|t| t.backup = None, "control in [backup]", "`control`"),
    ] {
        let mut one = whole("tezsign");
        take(&mut one);
        assert_eq!(one.open(), [key]);
        let error = read(&one).unwrap_err().to_string();
        assert!(error.contains(says), "{key}: {error}");
        Config::parse(Path::new("c.toml"), &filled_in(&one.text().unwrap())).unwrap();
        take(&mut open);
    }
    assert_eq!(open.open(), nothing.open());
    Config::parse(Path::new("c.toml"), &filled_in(&text)).unwrap();
}

#[test]
fn words_from_outside_stay_in_their_comment() {
    let seen = vec![
        (Section::Signer, "key \"x\"\n[watch]\nlevels = 3\r\u{1b}[2J".to_owned()),
        (Section::Backup, "units = [\"a\"]\u{0}\u{7f}".to_owned()),
    ];
    let template = Template { seen, ..whole("tezsign") };
    let config = read(&template).unwrap();
    assert_eq!((config.watch.levels, Some(config.backup.control)), (None, template.backup.clone()));
    assert!(template.text().unwrap().contains("\n# seen: key \"x\" [watch] levels = 3"));
}

#[test]
fn a_network_is_a_known_one_or_a_chain_id() {
    assert!(Template { network: Some("nonet".to_owned()), ..whole("ledger") }.text().is_err());
    assert_eq!(tzkt_of("mainnet"), tzkt_of("NetXdQprcVkpaWU"));
    assert_eq!(tzkt_of("shadownet"), Some("https://api.shadownet.tzkt.io"));
    assert_eq!((tzkt_of("ghostnet"), tzkt_of("NetXvNVUNbWHxGt")), (None, None));
}
