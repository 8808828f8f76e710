//! Signatory: its service, and its marks where they are in files.

use failover_core::baker::{MarkFiles as _, SystemdControl};
use failover_core::mark_files::Writer;
use failover_core::tezos::ChainId;

use crate::machine::{Machine, understood};

const KEY: &str = "tz1aWXP237BLwNHJcCD4b3DutCevhqq2T1Z9";

fn signatory(config: &str) -> Machine {
    let machine = Machine::new();
    machine.runs("signatory", "signatory", "/usr/local/bin/signatory -c /etc/signatory.yaml serve", &[]);
    machine.runs(
        "octez-agnostic-baker",
        "tezos",
        "/usr/bin/octez-baker --base-dir /var/tezos/.tezos-client run remotely",
        &[],
    );
    machine.runs("octez-accuser", "tezos", "/usr/bin/octez-accuser run", &[]);
    machine.write("root/etc/signatory.yaml", config);
    machine
}

#[test]
fn it_is_found_with_the_baker_and_its_marks_are_read() {
    let machine = signatory("base_dir: /var/lib/signatory\nserver:\n  address: :6732\n");
    let (backup, _) = machine.config_new();
    assert!(backup.contains("\nunits = [\"octez-agnostic-baker.service\", \"signatory.service\"]"), "{backup}");
    assert!(
        backup.contains("\nmarks = [\"/var/lib/signatory/watermark_v2\", \"/var/tezos/.tezos-client\"]"),
        "{backup}"
    );
    let config = understood(&machine, "signatory.md");
    assert_eq!(config["backup"], "systemd (octez-agnostic-baker, signatory) on this machine");
    let kinds =
        r#"{"block":{"level":15181002,"round":0,"hash":null},"attestation":{"level":15181989,"round":2,"hash":null}}"#;
    let file = format!("root/var/lib/signatory/watermark_v2/{}.json", ChainId::MAINNET);
    machine.write(&file, &format!("{{\"{KEY}\":{kinds}}}"));
    let found = machine.look();
    let marks = SystemdControl::new(machine.host(), found.units).with_mark_folders(found.marks).marks(ChainId::MAINNET);
    let marks = marks.unwrap();
    assert_eq!((marks.files.len(), marks.files[0].writer), (1, Writer::Signatory), "{marks:?}");
    assert_eq!(marks.highest(&[KEY.parse().unwrap()]).unwrap().level.get(), 15_181_989);
    machine.stops_and_guards(&["octez-agnostic-baker", "signatory"], &["octez-accuser", "octez-node"]);
}

#[test]
fn marks_that_are_in_no_file_are_told() {
    for (config, told) in [
        ("base_dir: /srv/s\nwatermark:\n  driver: aws\n", "its watermark driver is aws, which keeps none in files"),
        ("base_dir: $HOME/s\n", "$HOME/s in what it runs is not understood"),
    ] {
        let found = signatory(config).look();
        let told = format!("where signatory.service keeps its marks is not known: {told}");
        assert!(found.notes.iter().any(|note| note.to_string() == told), "{found:?}");
        assert_eq!(found.units.len(), 2, "it is stopped and guarded all the same");
    }
    // Where the configuration does not say, Signatory's own default.
    let found = signatory("server:\n  address: :6732\n").look();
    assert!(found.marks.contains(&"/var/lib/signatory/watermark_v2".parse().unwrap()), "{found:?}");
}
