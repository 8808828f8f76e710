//! Several TezBakes on one machine: the one that is meant is found by what it runs, and the others are left alone.

use failover_core::baker::{BakerControl, BakerError, BakerState, BootGuards, Instance, TezbakeControl};
use failover_core::host::LocalHost;

use crate::machine::{BAKER, Machine, SIGNER};

/// The default one, and others: by its alias, by `--id`, by `--path`.
const OTHERS: [(&str, &str); 3] =
    [("second", "/bake-buddy/instances/second"), ("my.baker-2", "/bake-buddy/instances/third"), ("x", "/opt/x")];

/// A machine with all of them, running.
fn machine() -> Machine {
    let machine = Machine::new();
    for (id, folder) in OTHERS {
        let unit = |app: &str, service: &str, program: &str| {
            let running = "ActiveState=active SubState=running MainPID=7 RestartUSec=20s";
            let (exec, home) = (format!("{folder}/{app}/{program}"), format!("{folder}/{app}/data"));
            machine.unit(&format!("{id}-{app}-{service}.service"), &format!("{running} Exec='{exec} run' Home={home}"));
        };
        unit("node", "xtz-node", "bin/node");
        unit("node", "xtz-baker", "bin/baker");
        unit("signer", "tezsign", "__bin_generated/tezsign.service.sh");
    }
    machine
}

fn control(machine: &Machine, instance: &str) -> TezbakeControl<LocalHost> {
    TezbakeControl::new(machine.host()).with_instance(Some(instance.parse::<Instance>().unwrap()))
}

fn units(id: &str) -> String {
    format!("{id}-node-xtz-baker.service {id}-signer-tezsign.service")
}

#[test]
fn which_of_several_is_meant_has_to_be_said() {
    let machine = machine();
    let mut control = TezbakeControl::new(machine.host());
    let refused = [control.state().map(drop), control.stop(), control.start(), control.boot_guard().map(drop)];
    for refused in refused {
        let Err(error @ BakerError::Instances { .. }) = refused else { panic!("{refused:?}") };
        assert!(error.to_string().contains("bb-default, my.baker-2, second, x"), "{error}");
        assert!(error.next().contains("`instance`"), "{}", error.next());
    }
    assert!(machine.changes().is_empty(), "{:?}", machine.changes());
}

#[test]
fn one_that_is_not_there_is_no_other() {
    let machine = machine();
    for wrong in ["third", "bb", "sec", "/opt/y", "/bake-buddy/instances"] {
        let refused = control(&machine, wrong).stop();
        assert!(matches!(refused, Err(BakerError::Instances { .. })), "{wrong}: {refused:?}");
    }
    // Alone on its machine, it is not the one that is meant either.
    let alone = Machine::new();
    assert!(matches!(control(&alone, "second").stop(), Err(BakerError::Instances { .. })));
    control(&alone, "default").stop().unwrap();
    assert!(machine.changes().is_empty());
}

#[test]
fn it_is_stopped_and_started_and_the_others_bake_on() {
    for (id, folder) in OTHERS {
        for named in [id, folder] {
            let machine = machine();
            machine.write(
                "processes",
                &format!("   700 baker   {folder}/node/bin/baker run\n   701 baker   /bake-buddy/node/bin/baker run\n"),
            );
            let mut one = control(&machine, named);
            let Ok(BakerState::Running { what }) = one.state() else { panic!("{named}") };
            assert!(
                what.contains(&"baker (pid 700)".to_owned()) && !what.join(" ").contains("701"),
                "{named}: {what:?}"
            );
            one.stop().unwrap();
            assert_eq!(machine.changes(), [format!("systemctl --no-block stop -- {}", units(id))], "{named}");
            machine.write("processes", "   701 baker   /bake-buddy/node/bin/baker run\n");
            let checked = units(id).split(' ').map(str::to_owned).collect();
            assert_eq!(one.state().unwrap(), BakerState::Stopped { checked }, "{named}");
            one.start().unwrap();
            let started = machine.changes().split_off(1);
            let each = ["node-xtz-node", "signer-tezsign", "node-xtz-baker"];
            assert_eq!(started, each.map(|unit| format!("systemctl start -- {id}-{unit}.service")), "{named}");
        }
    }
}

#[test]
fn the_default_one_is_stopped_beside_the_others() {
    let machine = machine();
    machine.write("processes", "   700 baker   /bake-buddy/instances/second/node/bin/baker run\n");
    let mut one = control(&machine, "bb-default");
    one.stop().unwrap();
    assert_eq!(one.state().unwrap(), BakerState::Stopped { checked: vec![BAKER.to_owned(), SIGNER.to_owned()] });
    // Whose it is cannot be seen: it counts.
    machine.write("processes", "   700 tezsign   tezsign run\n");
    assert!(matches!(one.state(), Ok(BakerState::Running { .. })));
}

/// A person's own unit that is only named alike signs all the same: it has to be said which one is meant, and what it runs is
/// no neighbour's. A tunnel of something else is nobody's.
#[test]
fn what_is_named_alike_and_laid_out_otherwise_is_not_overlooked() {
    let machine = Machine::new();
    let running = "ActiveState=active SubState=running MainPID=9 RestartUSec=1s";
    machine.unit("escrow-signer-tunnel.service", &format!("{running} Exec='/usr/bin/ssh -N there' Home=/root"));
    TezbakeControl::new(machine.host()).state().unwrap();
    for own in ["/usr/local/bin/tezsign", "/opt/signer/bin/tezsign"] {
        machine.unit("my-tezsign.service", &format!("{running} Exec='{own} run' Home=/root"));
        let refused = TezbakeControl::new(machine.host()).stop();
        let Err(BakerError::Instances { ids, .. }) = refused else { panic!("{refused:?}") };
        assert_eq!(ids, ["bb-default", "my"]);
        let mut one = control(&machine, "bb-default");
        one.stop().unwrap();
        assert_eq!(machine.changes(), [format!("systemctl --no-block stop -- {BAKER} {SIGNER}")]);
        for program in ["/usr/local/bin/tezsign run", "/usr/bin/octez-baker run", "/opt/octez/bin/octez-baker run"] {
            machine.write("processes", &format!("   700 x   {program}\n"));
            assert!(matches!(one.state(), Ok(BakerState::Running { .. })), "{own}: {program}");
        }
        machine.remove("processes");
        machine.remove("log");
    }
}
