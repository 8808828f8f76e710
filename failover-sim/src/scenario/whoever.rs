//! What others do at the same time: a second shell, the other machine, an image of this one (S13, S14).

use super::{PLAIN, Scenario, before, done};
use crate::act::{Act, Cut, Then};
use crate::options::Side;
use failover_core::host::HostIdentity;
use failover_core::journal::record::Record;
use failover_core::signer::Model;

/// The keys are open or about to be, and silence is waited for.
fn armed(record: &Record) -> bool {
    done(record, "raise") || done(record, "authorize")
}

pub(super) static WHOEVER: &[Scenario] = &[
    Scenario {
        name: "h23",
        about: "a run goes on at the primary at the same time: nothing is touched, on one machine only",
        exit: 7,
        then: &[Then { when: Cut::When(|record| matches!(record, Record::Begin { .. })), act: Act::RunsThere }],
        ..PLAIN
    },
    Scenario {
        name: "h23-claimed",
        about: "a run of the other machine claims this one after the stop: this run's permit is gone, disarmed, never started",
        exit: 7,
        then: &[Then { when: Cut::When(armed), act: Act::Claims }],
        ..PLAIN
    },
    Scenario {
        name: "h23-start",
        about: "the same when the start is written down already: the permit is looked for once more, and nothing is started",
        exit: 7,
        then: &[Then { when: Cut::When(|record| before(record, "start")), act: Act::Claims }],
        ..PLAIN
    },
    Scenario {
        name: "h23-copied",
        about: "a machine with copies of this one's files puts its claim in the place of this run's: disarmed, never started",
        exit: 7,
        then: &[Then { when: Cut::When(|record| done(record, "guard-primary")), act: Act::ReplacesTheClaim }],
        ..PLAIN
    },
    Scenario {
        name: "h23-removed",
        about: "somebody removes this run's claim on the primary: it is made again, and the backup takes over",
        then: &[Then { when: Cut::When(|record| done(record, "guard-primary")), act: Act::RemovesTheClaim }],
        ..PLAIN
    },
    Scenario {
        name: "h24",
        about: "`stand-down` in a second shell while silence is waited for: stopped, disarmed, never started",
        exit: 8,
        then: &[Then { when: Cut::When(armed), act: Act::StandsDown }],
        ..PLAIN
    },
    Scenario {
        name: "h24-begun",
        about: "`stand-down` when the run has begun and has no permit yet: it makes none, and touches nothing",
        exit: 8,
        then: &[Then { when: Cut::When(|record| matches!(record, Record::Begin { .. })), act: Act::StandsDown }],
        ..PLAIN
    },
    Scenario {
        name: "h24-start",
        about: "the same when the start is written down already: nothing is started",
        exit: 8,
        then: &[Then { when: Cut::When(|record| before(record, "start")), act: Act::StandsDown }],
        ..PLAIN
    },
    Scenario {
        name: "h24-bakes",
        about: "the same after the start: the backup is stopped and stays stopped",
        exit: 8,
        then: &[Then { when: Cut::When(|record| done(record, "start")), act: Act::StandsDown }],
        ..PLAIN
    },
    Scenario {
        name: "h33",
        about: "both machines were made from one image and have one machine-id: told apart all the same, the backup takes over",
        prepare: |s| {
            s.world.made_from_one_image();
            s.policy.primary_pin = Some(HostIdentity { machine_id: s.world.machine_id(Side::Primary) });
        },
        ..PLAIN
    },
    Scenario {
        name: "h44",
        about: "the run is killed between unlock and lock, and taken up again: locked first, then the backup takes over",
        model: Some(Model::TezSign),
        breaks: &[|record| before(record, "prove-passphrase")],
        then: &[Then { when: Cut::When(|record| before(record, "prove-passphrase")), act: Act::LeavesUnlocked }],
        ..PLAIN
    },
];
