//! A TezBake machine, through real processes: what is stopped, what is left alone, and what counts as stopped.

use std::time::Duration;

use crate::machine::{BAKER, Machine, NODE, SIGNER};
use failover_core::baker::{BakerControl, BakerError, BakerState, Payouts, ServiceLog, TezbakeControl};

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

fn running(state: Result<BakerState, BakerError>) -> Vec<String> {
    match state {
        Ok(BakerState::Running { what }) => what,
        other => panic!("{other:?}"),
    }
}

fn unclear(state: Result<BakerState, BakerError>) -> String {
    match state {
        Err(BakerError::Unclear { why, .. }) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn stop_reaches_what_signs_and_leaves_the_node_running() {
    let machine = Machine::new();
    let mut tezbake = TezbakeControl::new(machine.host());
    assert_eq!(running(tezbake.state()), [format!("{BAKER} (active)"), format!("{SIGNER} (active)")]);
    assert_eq!(tezbake.restart_delay().unwrap(), Duration::from_secs(20));

    tezbake.stop().unwrap();

    let stopped = BakerState::Stopped { checked: vec![BAKER.to_owned(), SIGNER.to_owned()] };
    assert_eq!(tezbake.state().unwrap(), stopped);
    assert_eq!(machine.changes(), [format!("systemctl --no-block stop -- {BAKER} {SIGNER}")]);
    assert!(machine.read_unit(NODE).contains("ActiveState=active"));

    tezbake.start().unwrap();
    running(tezbake.state());
    let started = machine.changes().split_off(1);
    let beside = format!("systemctl start -- {NODE} bb-default-node-xtz-accuser.service");
    let signing = [SIGNER, BAKER].map(|unit| format!("systemctl start -- {unit}"));
    assert_eq!(started, [&[beside][..], &signing].concat(), "no web server is asked");
}

/// TezPay of this instance and of another; this one is at a payment, and does not go at once.
#[test]
fn what_pays_is_asked_to_stop_never_killed_and_started_by_nobody() {
    let machine = Machine::new();
    let (ours, others) = ("bb-default-pay-continual.service", "second-pay-continual.service");
    for unit in [ours, others] {
        machine.unit(unit, "ActiveState=active SubState=running MainPID=900 STUBBORN=yes");
    }
    let mut tezbake = TezbakeControl::new(machine.host());
    assert_eq!(running(tezbake.state()).len(), 2, "it signs nothing");
    assert_eq!(tezbake.pays().iter().map(ToString::to_string).collect::<Vec<_>>(), [ours]);
    tezbake.stop().unwrap();
    tezbake.stop_pays().unwrap();
    let stop = |units: &str| format!("systemctl --no-block stop -- {units}");
    assert_eq!(machine.changes(), [stop(&format!("{BAKER} {SIGNER}")), stop(ours)], "of this instance alone");
    let log = std::fs::read_to_string(machine.path().join("log")).unwrap();
    assert!(log.lines().any(|line| line == format!("systemctl disable -- {ours}")), "nor at boot: {log}");
    assert_eq!(tezbake.paying().unwrap().len(), 1, "still at its payment");
    machine.unit(ours, "ActiveState=inactive SubState=dead");
    assert!(tezbake.paying().unwrap().is_empty());
    assert!(matches!(tezbake.state(), Ok(BakerState::Stopped { .. })), "nothing waits for it");
    tezbake.start().unwrap();
    let started = machine.changes().split_off(2);
    assert!(started.iter().all(|command| !command.contains("-pay-")), "{started:?}");
}

#[test]
fn what_its_journal_says_is_read_of_what_signs_alone() {
    let machine = Machine::new();
    let mut tezbake = TezbakeControl::new(machine.host());
    tezbake.state().unwrap();
    let said = tezbake.complaints(Duration::from_secs(75)).unwrap();
    assert_eq!(said, [format!("{}: a file is missing, an error", SIGNER.trim_end_matches(".service"))]);
    let log = std::fs::read_to_string(machine.path().join("log")).unwrap();
    let asked = format!("journalctl --no-pager -q -o cat -n 400 --since=-75s -u {BAKER} -u {SIGNER}");
    assert!(log.lines().any(|line| line == asked), "{log}");
    machine.write("broken-journalctl", "No journal files were found.\n");
    assert!(tezbake.complaints(Duration::from_secs(75)).is_err(), "what cannot be read is not nothing");
}

#[test]
fn a_service_that_does_not_go_is_killed() {
    let machine = Machine::new();
    machine.unit(SIGNER, "ActiveState=active SubState=running MainPID=813 STUBBORN=yes");
    let mut tezbake = TezbakeControl::new(machine.host());
    tezbake.stop().unwrap();
    assert!(matches!(tezbake.state(), Ok(BakerState::Stopped { .. })));
    let units = format!("{BAKER} {SIGNER}");
    assert_eq!(
        machine.changes(),
        [
            format!("systemctl --no-block stop -- {units}"),
            format!("systemctl kill -s SIGKILL -- {units}"),
            format!("systemctl --no-block stop -- {units}"),
        ]
    );
}

#[test]
fn a_service_that_waits_for_its_restart_is_running() {
    let machine = Machine::new();
    machine.unit(BAKER, "ActiveState=inactive SubState=dead");
    machine.unit(SIGNER, "ActiveState=activating SubState=auto-restart");
    let mut tezbake = TezbakeControl::new(machine.host());
    assert_eq!(running(tezbake.state()), [format!("{SIGNER} (auto-restart)")]);
    tezbake.stop().unwrap();
    assert!(matches!(tezbake.state(), Ok(BakerState::Stopped { .. })));
}

#[test]
fn a_signer_that_no_unit_started_is_running() {
    let machine = Machine::new();
    let mut tezbake = TezbakeControl::new(machine.host());
    tezbake.stop().unwrap();
    machine.write("processes", "    900 octez-signer    /usr/local/bin/octez-signer launch http signer\n");
    assert_eq!(running(tezbake.state()), ["octez-signer (pid 900)"]);
}

#[test]
fn unknown_is_never_stopped() {
    let machine = Machine::new();
    let mut tezbake = TezbakeControl::new(machine.host());
    tezbake.stop().unwrap();

    machine.unit(SIGNER, "LoadState=not-found");
    assert!(unclear(tezbake.state()).contains("not-found"));
    machine.unit(SIGNER, "LoadState=not-found ActiveState=active SubState=running MainPID=813");
    running(tezbake.state());
    machine.unit(SIGNER, "ActiveState=maintenance");
    unclear(tezbake.state());
    machine.unit(SIGNER, "");

    machine.write("broken-ps", "");
    unclear(tezbake.state());
    machine.remove("broken-ps");

    machine.write("broken-systemctl", "Failed to connect to bus: No such file or directory\n");
    assert!(unclear(tezbake.state()).contains("Failed to connect to bus"));
    unclear(tezbake.restart_delay().map(|_| BakerState::Stopped { checked: Vec::new() }));
    machine.remove("broken-systemctl");

    machine.remove(&format!("units/{BAKER}"));
    machine.remove(&format!("units/{SIGNER}"));
    assert!(unclear(tezbake.state()).contains("no signing service"));
}

#[test]
fn a_stop_does_not_wait_for_a_list_that_does_not_come() {
    let machine = Machine::new();
    let mut tezbake = TezbakeControl::new(machine.host());
    machine.write("broken-systemctl", "Failed to connect to bus\n");
    assert!(tezbake.stop().is_err());
    assert!(machine.changes().is_empty(), "no unit was known");
    machine.remove("broken-systemctl");
    running(tezbake.state());
    machine.write("broken-systemctl", "Failed to connect to bus\n");
    assert!(matches!(tezbake.stop(), Err(BakerError::Failed { .. })), "the stop failed, and nothing is seen stopped");
    assert!(machine.changes().iter().any(|line| line.contains("kill -s SIGKILL")), "it was tried all the same");
}

#[test]
fn an_infinite_restart_delay_is_no_delay() {
    let machine = Machine::new();
    machine.unit(BAKER, "ActiveState=active SubState=running MainPID=812 RestartUSec=infinity");
    assert!(matches!(TezbakeControl::new(machine.host()).restart_delay(), Err(BakerError::Unclear { .. })));
}

#[test]
fn exit_151_and_a_password_are_the_same_refusal() {
    let machine = Machine::new();
    machine.write("tezbake-exit", "151");
    let by_tezbake = || TezbakeControl::new(machine.host()).with_start(Some(words("tezbake start")));
    assert!(matches!(by_tezbake().start(), Err(BakerError::Elevation { .. })));

    machine.write("uid", "1000\n");
    let mut tezbake = by_tezbake();
    for refused in [tezbake.stop(), tezbake.start()] {
        assert!(matches!(refused, Err(BakerError::Elevation { .. })), "{refused:?}");
    }
    running(tezbake.state());

    machine.write("sudo", "");
    machine.write("tezbake-exit", "0");
    tezbake.stop().unwrap();
    assert!(matches!(tezbake.state(), Ok(BakerState::Stopped { .. })));
    tezbake.start().unwrap();
    assert!(machine.changes().contains(&"sudo -n tezbake start".to_owned()));
}

#[test]
fn another_exit_of_tezbake_is_a_failure_with_its_words() {
    let machine = Machine::new();
    for code in [1, 25, 26, 150, 255] {
        machine.write("tezbake-exit", &code.to_string());
        match TezbakeControl::new(machine.host()).with_start(Some(words("tezbake start"))).start() {
            Err(BakerError::Failed { code: seen, message, .. }) => {
                assert_eq!((seen, message.as_str()), (code, "ERROR: failed to start node"));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_service_that_does_not_start_is_named_with_its_last_words() {
    let machine = Machine::new();
    let stopped = "ActiveState=inactive SubState=dead FAILS=yes";
    machine.unit(BAKER, stopped);
    match TezbakeControl::new(machine.host()).start() {
        Err(BakerError::Failed { what, message, .. }) => {
            assert_eq!(what, "systemctl start");
            assert!(message.contains("bb-default-node-xtz-baker: a file is missing"), "{message}");
        }
        other => panic!("{other:?}"),
    }
    // What signs nothing is not waited for, but for the node.
    machine.unit(BAKER, "");
    machine.unit("bb-default-node-xtz-accuser.service", stopped);
    TezbakeControl::new(machine.host()).start().unwrap();
    machine.unit(NODE, stopped);
    let error = TezbakeControl::new(machine.host()).start().unwrap_err();
    assert!(error.to_string().contains("bb-default-node-xtz-node: a file is missing"), "{error}");
}
