//! Named units and the user's own commands, through real processes.

use crate::machine::{Machine, NODE};
use failover_core::baker::command::Commands;
use failover_core::baker::{BakerControl, BakerError, BakerState, CommandControl, SystemdControl};
use failover_core::host::LocalHost;

#[test]
fn named_units_are_stopped_and_started_and_no_others() {
    let machine = Machine::new();
    machine.unit("octez-baker.service", "ActiveState=active SubState=running MainPID=812 RestartUSec=5s");
    let mut baker = SystemdControl::new(machine.host(), vec!["octez-baker".parse().unwrap()]);
    assert_eq!(baker.describe(), "octez-baker.service on this machine");
    assert!(matches!(baker.state(), Ok(BakerState::Running { .. })));
    baker.stop().unwrap();
    assert_eq!(baker.state().unwrap(), BakerState::Stopped { checked: vec!["octez-baker.service".to_owned()] });
    baker.start().unwrap();
    assert!(matches!(baker.state(), Ok(BakerState::Running { .. })));
    assert_eq!(
        machine.changes(),
        ["systemctl --no-block stop -- octez-baker.service", "systemctl start -- octez-baker.service"]
    );
    assert!(machine.read_unit(NODE).contains("ActiveState=active"));
}

#[test]
fn units_that_are_not_there_and_an_empty_list_are_unknown() {
    let machine = Machine::new();
    for units in [vec!["nothing".parse().unwrap()], Vec::new()] {
        let mut baker = SystemdControl::new(machine.host(), units);
        assert!(matches!(baker.state(), Err(BakerError::Unclear { .. })));
    }
}

fn by_command(status: &str) -> CommandControl<LocalHost> {
    let shell = |line: &str| ["sh", "-c", line].map(str::to_owned).to_vec();
    let commands = Commands {
        start: shell("exit 7"),
        stop: shell("echo 'sudo: a password is required' >&2; exit 1"),
        status: shell(status),
        restart_delay: 30,
    };
    CommandControl::new(LocalHost::new(), commands)
}

#[test]
fn a_status_command_says_one_of_two_words() {
    assert!(matches!(by_command("echo running").state(), Ok(BakerState::Running { .. })));
    assert!(matches!(by_command("echo stopped; exit 3").state(), Ok(BakerState::Stopped { .. })));
    for odd in ["true", "exit 3", "echo Stopped", "echo not running", "echo stopped; echo running", "echo stopped >&2"]
    {
        assert!(matches!(by_command(odd).state(), Err(BakerError::Unclear { .. })), "{odd}");
    }
}

#[test]
fn a_command_that_fails_is_an_error_of_its_kind() {
    assert!(matches!(by_command("true").start(), Err(BakerError::Failed { code: 7, .. })));
    assert!(matches!(by_command("true").stop(), Err(BakerError::Elevation { .. })));
}
