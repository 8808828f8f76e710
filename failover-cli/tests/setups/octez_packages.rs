//! Octez's Debian packages: the umbrella, the agnostic baker, instances for a protocol, the signer as a service of the system and
//! as a user's.

use crate::machine::{Machine, understood};

const SCRIPT: &str = "/usr/share/octez-baker/systemd-octez-bakers.sh";
const FILES: [&str; 2] = [
    "EnvironmentFiles=/etc/default/octez-node (ignore_errors=yes)",
    "EnvironmentFiles=/etc/default/octez-baker (ignore_errors=yes)",
];
const BAKER: &str = "--base-dir $HOME/.tezos-client run with local node $DATADIR --liquidity-baking-toggle-vote $LQVOTE $RUNTIME_OPTS $BAKER_KEY";
const SIGNER: &str = "/usr/bin/octez-signer --require-authentication launch socket signer -a 127.0.0.1";

/// Everything that the packages bring, with the agnostic baker active.
fn packages() -> Machine {
    let machine = Machine::new();
    machine.write("root/etc/default/octez-node", "DATADIR=/var/tezos/.tezos-node\n");
    machine.write("root/etc/default/octez-baker", "AGNOSTIC_BAKER=true\nLQVOTE=pass\nRUNTIME_OPTS=\"--without-dal\"\n");
    machine.runs("octez-baker", "", &format!("{SCRIPT} start"), &FILES);
    machine.runs("octez-agnostic-baker", "tezos", &format!("/bin/sh -c /usr/bin/octez-baker {BAKER}"), &FILES);
    machine.process("octez-agnostic-baker", "octez-baker /usr/bin/octez-baker --base-dir /var/tezos/.tezos-client run");
    machine.runs("octez-baker@", "tezos", &format!("/bin/sh -c /usr/bin/octez-baker-%i {BAKER}"), &FILES);
    machine.runs("octez-agnostic-accuser", "tezos", "/bin/sh -c /usr/bin/octez-accuser run $RUNTIME_OPTS", &FILES);
    machine.process("octez-agnostic-accuser", "octez-accuser /usr/bin/octez-accuser run");
    machine.runs("octez-dal-node", "tezos", "/usr/bin/octez-dal-node run", &[]);
    machine
}

#[test]
fn the_agnostic_baker_is_found_and_the_umbrella_is_not() {
    let machine = packages();
    let found = machine.look();
    assert_eq!(found.units, ["octez-agnostic-baker".parse().unwrap()]);
    assert_eq!(found.marks, ["/var/tezos/.tezos-client".parse().unwrap()], "HOME is the user's: {found:?}");
    let notes: Vec<String> = found.notes.iter().map(ToString::to_string).collect();
    assert!(notes.len() == 1 && notes[0].starts_with("octez-baker@.service runs what signs"), "{notes:?}");
    let (backup, warned) = machine.config_new();
    assert!(backup.contains("\nunits = [\"octez-agnostic-baker.service\"]"), "{backup}");
    assert!(backup.contains("\nmarks = [\"/var/tezos/.tezos-client\"]"), "{backup}");
    assert!(warned.contains("octez-baker@.service runs what signs"), "{warned}");
    let config = understood(&machine, "octez-packages.md");
    assert_eq!(config["backup"], "systemd (octez-agnostic-baker, octez-signer) on this machine");
    let others = ["octez-node", "octez-dal-node", "octez-agnostic-accuser", "octez-baker"];
    machine.stops_and_guards(&["octez-agnostic-baker"], &others);
}

#[test]
fn an_instance_for_a_protocol_is_found_where_it_runs() {
    let machine = packages();
    machine.state("octez-agnostic-baker", false, "");
    machine.state("octez-baker@PtSeouLo", true, "INSTALLED=no");
    let found = machine.look();
    let names: Vec<&str> = found.units.iter().map(|unit| unit.as_str()).collect();
    assert_eq!(names, ["octez-agnostic-baker.service", "octez-baker@PtSeouLo.service"]);
    assert!(found.notes.is_empty(), "{found:?}");
    machine.stops_and_guards(&names.map_stems(), &["octez-agnostic-accuser", "octez-node"]);
}

#[test]
fn a_signer_of_the_system_is_stopped_and_guarded_with_the_baker() {
    let machine = packages();
    machine.write("passwd", "tezos:x:998:998::/var/tezos:/bin/bash\nsigner:x:997:997::/var/lib/signer:/bin/bash\n");
    machine.runs("octez-signer", "signer", SIGNER, &[]);
    let found = machine.look();
    assert_eq!(found.units.len(), 2, "{found:?}");
    let marks: Vec<String> = found.marks.iter().map(ToString::to_string).collect();
    assert_eq!(marks, ["/var/lib/signer/.tezos-signer", "/var/tezos/.tezos-client"]);
    machine.stops_and_guards(&["octez-agnostic-baker", "octez-signer"], &["octez-agnostic-accuser"]);
}

#[test]
fn a_signer_of_a_user_is_told_and_counts_as_running() {
    let machine = packages();
    let file = "home/ubuntu/.config/systemd/user/octez-signer.service";
    machine.write("passwd", "tezos:x:998:998::/var/tezos:/bin/bash\nubuntu:x:1000:1000::/home/ubuntu:/bin/bash\n");
    machine.write(&format!("root/{file}"), &format!("[Service]\nType=simple\nRestart=always\nExecStart={SIGNER}\n"));
    // Of other users' services nothing is said.
    machine.write("root/usr/lib/systemd/user/pipewire.service", "[Service]\nExecStart=/usr/bin/pipewire\n");
    let (backup, warned) = machine.config_new();
    assert!(warned.contains(&format!("/{file} is a user's own service and signs: no guard holds it")), "{warned}");
    assert!(backup.contains("# seen: /home/ubuntu/.config/systemd/user/octez-signer.service"), "{backup}");
    assert!(!backup.contains("octez-signer.service\"]"), "{backup}");
    // Its process is seen: nothing is called stopped while it runs.
    machine.write("procs/a-users", "    900 octez-signer    /usr/bin/octez-signer launch socket signer\n");
    let found = machine.look();
    let mut control = failover_core::baker::SystemdControl::new(machine.host(), found.units);
    use failover_core::baker::BakerControl as _;
    control.stop().unwrap();
    let state = format!("{:?}", control.state());
    assert!(state.contains("octez-signer (pid 900)"), "{state}");
}

#[test]
fn what_cannot_be_looked_for_is_told() {
    let machine = packages();
    machine.runs("octez-signer", "nobody-there", SIGNER, &[]);
    machine.runs("signatory-start", "", "/usr/local/bin/start-signatory.sh", &[]);
    std::fs::remove_file(machine.path("passwd")).unwrap();
    let notes: Vec<String> = machine.look().notes.iter().map(ToString::to_string).collect();
    for told in [
        "signatory-start.service is named as if it signed, and what /usr/local/bin/start-signatory.sh does is not known",
        "where octez-signer.service keeps its marks is not known: its HOME is not known",
        "where octez-agnostic-baker.service keeps its marks is not known: $HOME/.tezos-client in what it runs",
        "users' own services that sign could not be looked for",
    ] {
        assert!(notes.iter().any(|note| note.starts_with(told)), "{told}: {notes:?}");
    }
}

trait Stems<'a> {
    fn map_stems(&self) -> Vec<&'a str>;
}

impl<'a> Stems<'a> for Vec<&'a str> {
    fn map_stems(&self) -> Vec<&'a str> {
        self.iter().map(|name| name.trim_end_matches(".service")).collect()
    }
}
