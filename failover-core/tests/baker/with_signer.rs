//! A baker whose signer runs on another machine: stopped is both, and a stop reaches the one that answers.

use failover_core::baker::{BakerControl, BakerError, BakerMachine, BakerState, Readiness, SystemdControl, WithSigner};

use crate::machine::{BAKER, Machine, SIGNER};

fn control(machine: &Machine, unit: &str) -> Box<dyn BakerMachine> {
    Box::new(SystemdControl::new(machine.host(), vec![unit.parse().unwrap()]))
}

fn both() -> (Machine, Machine, WithSigner) {
    let (baker, signer) = (Machine::new(), Machine::new());
    let control = WithSigner::new(control(&baker, BAKER), control(&signer, SIGNER));
    (baker, signer, control)
}

#[test]
fn stopped_is_both_of_them() {
    let (baker, signer, mut control) = both();
    let running = |state: Result<BakerState, BakerError>| match state {
        Ok(BakerState::Running { what }) => what,
        other => panic!("{other:?}"),
    };
    assert_eq!(running(control.state()), [format!("{BAKER} (active)"), format!("{SIGNER} (active)")]);
    baker.unit(BAKER, "ActiveState=inactive SubState=dead");
    assert_eq!(running(control.state()), [format!("{SIGNER} (active)")]);
    baker.unit(BAKER, "ActiveState=active SubState=running MainPID=812");
    signer.unit(SIGNER, "ActiveState=inactive SubState=dead");
    assert_eq!(running(control.state()), [format!("{BAKER} (active)")]);
    baker.unit(BAKER, "ActiveState=inactive SubState=dead");
    let checked = vec![BAKER.to_owned(), SIGNER.to_owned()];
    assert_eq!(control.state().unwrap(), BakerState::Stopped { checked });
}

/// Unknown is not stopped, whichever of the two it is, and whatever the other one is (S3).
#[test]
fn one_that_cannot_be_read_makes_both_unknown() {
    for silent in [true, false] {
        let (baker, signer, mut control) = both();
        let broken = if silent { &signer } else { &baker };
        broken.write("broken-systemctl", "Failed to connect to bus\n");
        assert!(control.state().is_err() && control.reads_back().is_err() && control.restart_delay().is_err());
        assert!(control.stop().is_err());
        let other = if silent { &baker } else { &signer };
        assert_eq!(other.changes().len(), 1, "the one that answers is stopped all the same");
        assert!(control.state().is_err(), "and that is no fence");
    }
}
