//! octez-manager: an instance of a template for each baker, its folder in a file of its environment, and an accuser that is
//! octez-baker too.

use crate::machine::{Machine, blocks, understood};

const FILE: &str = "EnvironmentFiles=/etc/octez/instances/%i/node.env (ignore_errors=yes)";
/// Of the shape that octez-manager writes: a script that puts a command together, and runs it.
const BAKER: &str = "/bin/sh -lc MODE=${OCTEZ_BAKER_NODE_MODE:-local}; CMD=${APP_BIN_DIR}/octez-baker ${OCTEZ_BAKER_GLOBAL_ARGS:-} \
     --base-dir \\${OCTEZ_BAKER_BASE_DIR}\\ --endpoint ${OCTEZ_NODE_ENDPOINT}; if [ $MODE = remote ]; then CMD=$CMD run \
     remotely; fi; exec $CMD ${OCTEZ_BAKER_COMMAND_ARGS:-}";
const ACCUSER: &str = "/bin/sh -lc exec ${APP_BIN_DIR}/octez-baker ${OCTEZ_BAKER_GLOBAL_ARGS:-} --base-dir ${OCTEZ_CLIENT_BASE_DIR} \
     --endpoint ${OCTEZ_NODE_ENDPOINT} run accuser ${OCTEZ_BAKER_COMMAND_ARGS:-}";
const BIN: &str = "Environment=APP_BIN_DIR=/usr/bin ROLE=baker";

fn manager() -> Machine {
    let machine = Machine::new();
    machine.runs("octez-baker@", "octez", BAKER, &[FILE, BIN]);
    machine.runs("octez-accuser@", "octez", ACCUSER, &[FILE, BIN]);
    machine.state("octez-accuser@watch", true, "INSTALLED=no");
    machine.process(
        "octez-accuser@watch",
        "octez-baker /usr/bin/octez-baker --base-dir /var/lib/octez/accuser-watch run accuser",
    );
    machine.write("root/etc/octez/instances/main/node.env", "OCTEZ_BAKER_BASE_DIR=/var/lib/octez/baker-main\n");
    machine.write("root/etc/systemd/system/octez-baker@main.service.d/override.conf", "[Unit]\n");
    machine
}

#[test]
fn an_instance_is_found_with_its_folder_and_the_accuser_is_not() {
    let machine = manager();
    machine.state("octez-baker@main", true, "INSTALLED=no");
    machine.process(
        "octez-baker@main",
        "octez-baker /usr/bin/octez-baker --base-dir /var/lib/octez/baker-main run remotely",
    );
    machine.runs("tezsign", "tezsign", "/usr/local/bin/tezsign run", &[]);
    let (backup, warned) = machine.config_new();
    assert!(backup.contains("\nunits = [\"octez-baker@main.service\", \"tezsign.service\"]"), "{backup}");
    assert!(backup.contains("\nmarks = [\"/var/lib/octez/baker-main\"]"), "{backup}");
    assert!(!warned.contains("on this machine: "), "nothing is unclear: {warned}");
    let config = understood(&machine, "octez-manager.md");
    assert_eq!(config["backup"], "systemd (octez-baker@main, tezsign) on this machine");
    machine.stops_and_guards(&["octez-baker@main", "tezsign"], &["octez-accuser@watch", "octez-node"]);
}

#[test]
fn an_instance_that_systemd_has_not_loaded_is_found_by_its_drop_ins() {
    let machine = manager();
    machine.state("octez-baker@main", false, "INSTALLED=no LOADED=no");
    let found = machine.look();
    assert_eq!(found.units, ["octez-baker@main".parse().unwrap()], "{found:?}");
    assert!(found.notes.is_empty(), "{found:?}");
    // Without any, the template is told.
    std::fs::remove_dir_all(machine.path("root/etc/systemd/system/octez-baker@main.service.d")).unwrap();
    let found = machine.look();
    assert!(found.units.is_empty() && found.notes.len() == 1, "{found:?}");
    assert!(found.notes[0].to_string().starts_with("octez-baker@.service runs what signs"), "{found:?}");
}

#[test]
fn a_guarded_instance_is_listed_though_systemd_has_not_loaded_it() {
    let machine = manager();
    std::fs::remove_dir_all(machine.path("root/etc/systemd/system/octez-baker@main.service.d")).unwrap();
    machine.state("octez-baker@main", false, "INSTALLED=no LOADED=no");
    machine.runs("tezsign", "tezsign", "/usr/local/bin/tezsign run", &[]);
    machine.state("tezsign", false, "");
    let state = machine.path("state");
    // Permits and locks lie beside the state, and not where this machine's own do.
    let config =
        format!("simulated = true\nstate = \"{}\"\n{}", state.display(), blocks("octez-manager.md", "toml")[0]);
    machine.write("failover.toml", &config);
    let config = machine.path("failover.toml");
    let call = |words: [&str; 2]| {
        let said = machine.call(&[&["--config", config.to_str().unwrap()][..], &words].concat());
        (said.status.success(), String::from_utf8(said.stdout).unwrap())
    };
    let (_, said) = call(["guard", "status"]);
    assert!(
        said.contains("\n     no tezsign.service") && !said.contains(" no octez-baker@main.service"),
        "nothing says that there is one: {said}"
    );
    let (done, said) = call(["guard", "install"]);
    assert!(
        done && said.contains("None of its services can start: octez-baker@main.service, tezsign.service"),
        "{said}"
    );
    let (done, said) = call(["guard", "status"]);
    assert!(done && said.contains("\n    yes octez-baker@main.service\n    yes tezsign.service\n"), "{said}");
    assert!(!said.contains("octez-accuser@watch"), "{said}");
}

#[test]
fn an_environment_that_does_not_say_leaves_the_folder_unknown() {
    let machine = manager();
    machine.state("octez-baker@main", true, "INSTALLED=no");
    machine.write("root/etc/octez/instances/main/node.env", "# nothing\n");
    let found = machine.look();
    assert!(found.marks.is_empty() && found.units.len() == 1, "{found:?}");
    assert!(
        found.notes[0].to_string().contains("${OCTEZ_BAKER_BASE_DIR} in what it runs is not understood"),
        "{found:?}"
    );
}
