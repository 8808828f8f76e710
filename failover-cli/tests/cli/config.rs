//! The configuration as a person gets it wrong: the file, the line, one sentence, exit 2.

use std::path::Path;

use crate::support::{Said, call};

const WHOLE: &str = r#"[baker]
name = "mybaker"
address = "tz1aWXP237BLwNHJcCD4b3DutCevhqq2T1Z9"
network = "mainnet"
[chain]
node = "http://127.0.0.1:8732"
others = ["http://10.0.0.2:8732"]
[signer]
device = "tezsign"
keys = ["consensus", "companion"]
[primary]
host = "baker@primary"
control = "systemd"
units = ["octez-baker.service"]
marks = ["/var/lib/tezos/.tezos-client/", "/srv/signer"]
power_status = ["ipmitool", "power", "status"]
[backup]
control = "command"
start = ["start-it"]
stop = ["stop-it"]
status = ["ask-it"]
[policy]
margin = 12
"#;

fn check(folder: &Path, text: &str) -> Said {
    let path = folder.join("c.toml");
    std::fs::write(&path, text).unwrap();
    call(&["--json", "--config", path.to_str().unwrap(), "config", "check"])
}

#[test]
fn a_whole_one_is_understood() {
    let folder = tempfile::tempdir().unwrap();
    let said = check(folder.path(), WHOLE);
    assert_eq!(said.code, 0, "{said:?}");
    said.end();
    let config = &said.named("config")[0];
    assert_eq!(config["chain_id"], "NetXdQprcVkpaWU");
    assert_eq!(config["primary"], "systemd (octez-baker.service) on baker@primary");
    assert_eq!(config["backup"], "commands on this machine");
    assert_eq!(config["marks"], serde_json::json!(["/var/lib/tezos/.tezos-client", "/srv/signer"]));
    assert_eq!(config["margin"], 12);
}

#[test]
fn every_mistake_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    for (line, from, to, says) in [
        (2, "name = \"mybaker\"", "name = \" \"", "name:"),
        (3, "tz1aWXP237BLwNHJcCD4b3DutCevhqq2T1Z9", "tz1aWXP237BLwNHJcCD4b3DutCevhqq2T1Z8", "base58check"),
        (4, "mainnet", "manenet", "network:"),
        (6, "http://127.0.0.1:8732", "127.0.0.1:8732", "not a URL"),
        (6, "node =", "nod =", "unknown field `nod`"),
        (7, "http://10.0.0.2:8732", "", "not a URL"),
        (9, "\"tezsign\"", "\"usb\"", "is not a device"),
        (9, "\"tezsign\"", "3", "invalid type"),
        (10, "\"companion\"", "\"consensus\"", "there twice"),
        (10, "\"companion\"", "\"Companion\"", "not an alias"),
        (10, "[\"consensus\", \"companion\"]", "[]", "at least one"),
        (10, "device = \"tezsign\"\n", "device = \"ledger\"\n", "keys:"),
        (12, "baker@primary", "-oProxyCommand=x", "ssh destination"),
        (12, "control = \"systemd\"\n", "", "control is missing"),
        (13, "\"systemd\"", "\"upstart\"", "unknown variant"),
        (13, "units = [\"octez-baker.service\"]\n", "", "units is missing"),
        (12, "host = \"baker@primary\"\n", "", "host is missing"),
        (14, "\"octez-baker.service\"", "\"-x\"", "units:"),
        (7, "http://10.0.0.2:8732", "http://127.0.0.1:8732", "cannot be a second opinion on itself"),
        (15, "\"/srv/signer\"", "\"~/.tezos-signer\"", "not the absolute path"),
        (15, "\"/srv/signer\"", "\"\"", "not the absolute path"),
        (15, "[\"/var/lib/tezos/.tezos-client/\", \"/srv/signer\"]", "[]", "at least one folder"),
        (16, "[\"ipmitool\", \"power\", \"status\"]", "[]", "power_status:"),
        (19, "\"command\"", "\"tezbake\"\nunits = [\"a\"]", "not used by this control"),
        (18, "start = [\"start-it\"]\n", "", "start is missing"),
        (18, "[backup]\n", "[backup]\nhost = \"baker@backup\"\n", "the backup is this machine"),
        (23, "margin = 12", "margin = 1", "between 2 and 1000"),
        (23, "margin = 12", "margin = -1", "invalid value"),
        (24, "margin = 12\n", "margin = 12\n[polici]\n", "unknown field `polici`"),
        (24, "margin = 12\n", "margin = 12\nmargin = 13\n", "duplicate key"),
        (5, "[chain]", "[chain", ""),
    ] {
        assert!(WHOLE.contains(from), "{from}");
        let said = check(folder.path(), &WHOLE.replacen(from, to, 1));
        let error = said.error();
        assert_eq!(said.code, 2, "{to}: {error}");
        said.end();
        // A line that was left out or put in moves the ones below it.
        let at = format!("c.toml:{line}: ");
        assert!(error.contains(&at) && error.contains(says) && !error.contains('\n'), "{to} wants {at}{says}: {error}");
    }
}

const SIGNER: &str = r#"[primary.signer]
host = "root@signer"
control = "systemd"
units = ["signatory"]
marks = ["/var/lib/signatory/watermark_v2"]
"#;

#[test]
fn the_machine_of_the_primarys_signer_is_understood_and_its_mistakes_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let power = "power_status = [\"ipmitool\", \"power\", \"status\"]\n";
    let whole = WHOLE.replace(power, SIGNER);
    let said = check(folder.path(), &whole);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(said.named("config")[0]["primary_signer"], "systemd (signatory) on root@signer");
    for (from, to, says) in [
        ("root@signer", "root@Primary", "the baker's own machine"),
        ("root@signer", "-oProxyCommand=x", "ssh destination"),
        ("host = \"root@signer\"\n", "", "signer: host is missing"),
        (
            "\"systemd\"\nunits = [\"signatory\"]",
            "\"command\"\nstart = [\"a\"]\nstop = [\"b\"]\nstatus = [\"c\"]",
            "is not fenced",
        ),
        ("[\"signatory\"]", "[]", "at least one"),
        ("[primary.signer]", "power_status = [\"a\"]\n[primary.signer]", "not used with [primary.signer]"),
        (
            "host = \"baker@primary\"\ncontrol = \"systemd\"\nunits = [\"octez-baker.service\"]\nmarks = [\"/var/lib/tezos/.tezos-client/\", \"/srv/signer\"]\n",
            "",
            "used only with host",
        ),
    ] {
        assert!(whole.contains(from), "{from}");
        let said = check(folder.path(), &whole.replacen(from, to, 1));
        let error = said.error();
        assert!(said.code == 2 && error.contains(says) && error.contains("c.toml:"), "{to} wants {says}: {error}");
    }
}

const LOCK: &str = r#"[lock]
etcd = ["https://10.0.0.1:2379", "https://10.0.0.2:2379"]
prefix = "/bakers"
user = "failover"
password_file = "password"
ca_file = "ca.pem"
cert_file = "cert.pem"
key_file = "key.pem"
"#;

#[test]
fn the_lock_between_machines_is_understood_and_its_mistakes_are_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("password"), "s3cret").unwrap();
    let said = check(folder.path(), WHOLE);
    assert_eq!(said.named("config")[0]["lock"], serde_json::Value::Null);
    let said = check(folder.path(), &format!("{WHOLE}{LOCK}"));
    assert_eq!(said.code, 0, "{said:?}");
    let wanted = "etcd https://10.0.0.1:2379, https://10.0.0.2:2379, key \
                  /bakers/NetXdQprcVkpaWU/tz1aWXP237BLwNHJcCD4b3DutCevhqq2T1Z9, as failover";
    assert_eq!(said.named("config")[0]["lock"], wanted);
    assert!(!said.out.contains("s3cret") && !said.err.contains("s3cret"), "{said:?}");
    for (line, from, to, says) in [
        (24, "[lock]", "[locks]", "unknown field `locks`"),
        (26, "prefix = \"/bakers\"", "prefiks = \"/bakers\"", "unknown field `prefiks`"),
        (
            25,
            "\"https://10.0.0.1:2379\"",
            "\"https://failover:s3cret@10.0.0.1:2379\"",
            "user and password_file say who asks",
        ),
        (25, "\"https://10.0.0.1:2379\", \"https://10.0.0.2:2379\"", "", "at least one member"),
        (26, "/bakers", "bakers", "prefix:"),
        (26, "/bakers", "/bakers/", "prefix:"),
        (27, "password_file = \"password\"\n", "", "password_file is missing"),
        (27, "user = \"failover\"\n", "", "user is missing"),
        (30, "key_file = \"key.pem\"\n", "", "key_file is missing"),
        (30, "cert_file = \"cert.pem\"\n", "", "cert_file is missing"),
    ] {
        assert!(LOCK.contains(from), "{from}");
        let said = check(folder.path(), &format!("{WHOLE}{}", LOCK.replacen(from, to, 1)));
        let (error, at) = (said.error(), format!("c.toml:{line}: "));
        assert_eq!(said.code, 2, "{to}: {error}");
        assert!(error.contains(&at) && error.contains(says), "{to} wants {at}{says}: {error}");
    }
    // Certificates for nobody; a password that everybody on the way can read; one that is not there.
    let said = check(folder.path(), &format!("{WHOLE}{}", LOCK.replace("https", "http")));
    assert!(said.error().contains("c.toml:29: ca_file"), "{said:?}");
    let plain = LOCK.replace("https", "http").lines().take(5).collect::<Vec<_>>().join("\n");
    let said = check(folder.path(), &format!("{WHOLE}{plain}"));
    assert!(said.code == 0 && said.out.contains("in the clear"), "{said:?}");
    std::fs::remove_file(folder.path().join("password")).unwrap();
    let said = check(folder.path(), &format!("{WHOLE}{LOCK}"));
    assert!(said.code == 2 && said.error().contains("password_file"), "{said:?}");
}

const WATCH: &str = r#"[watch]
levels = 20
silent = ["/etc/failover/hooks/mail", "--to", "me"]
duplicate = ["page-me"]
"#;

#[test]
fn what_the_watch_tells_whom_is_understood_and_its_mistakes_are_named() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(check(folder.path(), WHOLE).named("config")[0]["hooks"], serde_json::Value::Null);
    let said = check(folder.path(), &format!("{WHOLE}{WATCH}"));
    assert_eq!(said.code, 0, "{said:?}");
    let hooks = serde_json::json!({
        "silent": ["/etc/failover/hooks/mail", "--to", "me"],
        "duplicate": ["page-me"],
    });
    assert_eq!(said.named("config")[0]["hooks"], hooks);
    let warned = said.named("warning").iter().any(|record| record["message"].to_string().contains("hooks/mail"));
    assert!(warned, "a hook that is not there is said: {said:?}");
    for (line, from, to, says) in [
        (25, "levels = 20", "levels = 1", "between 2 and 10000"),
        (25, "levels = 20", "silence = 20", "unknown field `silence`"),
        (26, "[\"/etc/failover/hooks/mail\", \"--to\", \"me\"]", "[]", "silent: a program and its arguments"),
        (26, "[\"/etc/failover/hooks/mail\", \"--to\", \"me\"]", "\"/etc/failover/hooks/mail\"", "invalid type"),
        (27, "[\"page-me\"]", "[\"hooks/page-me\"]", "duplicate: an absolute path"),
        (27, "[\"page-me\"]", "[\"\"]", "duplicate: a program and its arguments"),
        (28, "[\"page-me\"]\n", "[\"page-me\"]\nguards = [\"x\"]\n", "unknown field `guards`"),
    ] {
        assert!(WATCH.contains(from), "{from}");
        let said = check(folder.path(), &format!("{WHOLE}{}", WATCH.replacen(from, to, 1)));
        let (error, at) = (said.error(), format!("c.toml:{line}: "));
        assert_eq!(said.code, 2, "{to}: {error}");
        assert!(error.contains(&at) && error.contains(says), "{to} wants {at}{says}: {error}");
    }
}

#[test]
fn a_missing_section_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let said = check(folder.path(), "");
    assert!(said.error().contains("missing field `baker`"), "{said:?}");
    assert_eq!(call(&["--config", "/nonexistent/c.toml", "config", "check"]).code, 2);
    let said = call(&["--config", "/", "devices", "--json"]);
    assert_eq!(said.code, 2, "a configuration that cannot be read is never skipped: {said:?}");
}

#[test]
fn a_new_one_is_written_once_and_never_over_another() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.toml");
    let path = path.to_str().unwrap();
    let address = "tz1aWXP237BLwNHJcCD4b3DutCevhqq2T1Z9";
    let new = [
        "config",
        "new",
        "--address",
        address,
        "--device",
        "ledger",
        "--network",
        "mainnet",
        "--name",
        "a",
        "--output",
        path,
    ];
    assert_eq!(call(&new).code, 0);
    // Where no node answers and nothing bakes, both are left open.
    let text = std::fs::read_to_string(path).unwrap().replace("# node =", "node =").replace("# control =", "control =");
    let text = text.replacen("control =", "# control =", 1);
    std::fs::write(path, text).unwrap();
    let said = call(&["--json", "--config", path, "config", "check"]);
    assert_eq!((said.code, &said.named("config")[0]["keys"][0]), (0, &"44'/1729'/0'/0'".into()), "{said:?}");
    let before = std::fs::read(path).unwrap();
    let said = call(&new);
    assert_eq!(said.code, 2, "{said:?}");
    assert_eq!(std::fs::read(path).unwrap(), before);
    assert_eq!(call(&["config", "new", "--network", "nonet"]).code, 2);
}
