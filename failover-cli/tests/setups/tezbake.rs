//! TezBake: found by its own units, whatever else is there.

use crate::machine::{Machine, understood};

#[test]
fn tezbake_is_found_before_anything_else() {
    let machine = Machine::new();
    let baker = "/bake-buddy/node/bin/baker --remote-signer http://127.0.0.1:20090/ run with local node /bake-buddy/node/data/.tezos-node baker";
    machine.runs("bb-default-node-xtz-baker", "bb", baker, &["Environment=HOME=/bake-buddy/node/data"]);
    machine.runs("bb-default-signer-tezsign", "bb", "/bake-buddy/signer/__bin_generated/tezsign.service.sh", &[]);
    machine.runs("bb-default-node-xtz-accuser", "bb", "/bake-buddy/node/bin/accuser run", &[]);
    let (backup, warned) = machine.config_new();
    assert!(backup.contains("\ncontrol = \"tezbake\"") && !backup.contains("\nmarks"), "{backup}");
    assert!(!warned.contains("on this machine: "), "{warned}");
    let config = understood(&machine, "tezbake.md");
    assert_eq!(
        (&config["backup"], &config["primary"]),
        (&"tezbake on this machine".into(), &"tezbake on baker@primary".into())
    );
    // What signs beside it is told.
    machine.runs("octez-signer", "bb", "/usr/bin/octez-signer launch socket signer", &[]);
    std::fs::remove_file(machine.path("new.toml")).unwrap();
    let (backup, warned) = machine.config_new();
    assert!(backup.contains("\ncontrol = \"tezbake\""), "{backup}");
    assert!(warned.contains("octez-signer.service: not TezBake's, and signs too"), "{warned}");
    machine.stops_and_guards(
        &["bb-default-node-xtz-baker", "bb-default-signer-tezsign"],
        &["bb-default-node-xtz-accuser", "octez-node"],
    );
}
