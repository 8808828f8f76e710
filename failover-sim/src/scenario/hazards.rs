//! The hazards H1 to H22 of `docs/hazards.md`, one scenario each.

use std::time::Duration;

use super::{PLAIN, Scenario, done, in_seconds};
use crate::event::{Event, HostFault};
use crate::ledger::Person as AtTheLedger;
use crate::operator::Cable;
use crate::options::Side;
use failover_core::clock::Clock;
use failover_core::host::HostIdentity;
use failover_core::signer::Model;
use failover_core::tezos::Level;

/// One scenario for each hazard, after the two that end well.
pub(super) static HAZARDS: &[Scenario] = &[
    PLAIN,
    Scenario {
        name: "emergency",
        about: "the primary is out of reach; its signer is unplugged by hand, two minutes and ten silent levels pass",
        prepare: |s| s.world.apply(Event::Unreachable(Side::Primary)),
        ..PLAIN
    },
    Scenario {
        name: "h1",
        about: "the node is 50 levels behind: refused",
        exit: 3,
        prepare: |s| s.world.apply(Event::NodeBehind(50)),
        ..PLAIN
    },
    Scenario {
        name: "h2",
        about: "the node is on another chain: refused",
        exit: 3,
        prepare: |s| s.world.apply(Event::WrongChain),
        ..PLAIN
    },
    Scenario {
        name: "h3",
        about: "the dead primary gets power again and signs inside the quarantine: the backup is stopped",
        exit: 5,
        prepare: |s| {
            s.person.cable = Cable::Lies;
            s.world.apply(Event::PowerOff(Side::Primary));
            s.world.at(in_seconds(s.world, 132), Event::PowerOn(Side::Primary));
        },
        ..PLAIN
    },
    Scenario {
        name: "h4",
        about: "the primary is out of reach and still signs, and the person is wrong about its cable: refused",
        exit: 3,
        prepare: |s| {
            s.person.cable = Cable::Lies;
            s.world.apply(Event::Unreachable(Side::Primary));
        },
        ..PLAIN
    },
    Scenario {
        name: "h5",
        about: "a digit too many in the margin: the floor is past the cap, refused",
        exit: 3,
        prepare: |s| s.policy.margin = 1000,
        ..PLAIN
    },
    Scenario {
        name: "h6",
        about: "the backup's card was restored, its marks are at zero: the floor comes from the chain",
        prepare: |s| s.world.restore_card(Side::Backup),
        ..PLAIN
    },
    Scenario {
        name: "h7",
        about: "the wrong card: other keys than the chain expects, refused",
        exit: 3,
        prepare: |s| s.world.wrong_card(Side::Backup),
        ..PLAIN
    },
    Scenario {
        name: "h8",
        about: "another consensus key is about to become active, and it is not on the device: refused",
        exit: 3,
        prepare: |s| s.world.apply(Event::PendingKey { cycles: 1 }),
        ..PLAIN
    },
    Scenario {
        name: "h9",
        about: "the run dies after the unlock, after the raise and after the start, and is taken up again each time",
        breaks: &[
            |record| done(record, "unlock") || done(record, "authorize"),
            |record| done(record, "raise") || done(record, "authorize"),
            |record| done(record, "start"),
        ],
        ..PLAIN
    },
    Scenario {
        name: "h10",
        about: "the Ledger's prompt is answered after the tool gave up: the late answer is dropped, the mark is read back",
        model: Some(Model::Ledger),
        prepare: |s| {
            if let Some(ledger) = s.world.ledger(Side::Backup) {
                ledger.lock().script([AtTheLedger::Ignores]);
            }
            s.world.at(in_seconds(s.world, 80), Event::Press(Side::Backup));
        },
        ..PLAIN
    },
    Scenario {
        name: "h11",
        about: "`tezbake stop` would fail at the node: the signing units are stopped by systemctl instead",
        prepare: |s| s.world.apply(Event::NodeStopFails(Side::Primary)),
        ..PLAIN
    },
    Scenario {
        name: "h12",
        about: "somebody else fails over at the same time: the second run holds no lock and does nothing",
        exit: 7,
        another_run: true,
        ..PLAIN
    },
    Scenario {
        name: "h13",
        about: "heads come from the future: a clock is wrong, refused",
        exit: 3,
        prepare: |s| s.world.apply(Event::HeadFromFuture(60)),
        ..PLAIN
    },
    Scenario {
        name: "h14",
        about: "the backup's signer service already runs and unlocks by itself: the backup is fenced from itself first",
        world: |o| o.backup_unlocks_itself = true,
        prepare: |s| s.world.start_signer(Side::Backup),
        ..PLAIN
    },
    Scenario {
        name: "h15",
        about: "blocks carry an operation of a kind never seen: what the primary signed cannot be known, refused",
        exit: 3,
        prepare: |s| {
            s.world.apply(Event::UnknownOperation(true));
            s.world.clock().sleep(Duration::from_secs(60));
        },
        ..PLAIN
    },
    Scenario {
        name: "h16",
        about: "the primary committed to seed nonces: merged into the backup's own files, both bakers stopped",
        world: |o| o.blocks_per_commitment = 1,
        prepare: |s| s.world.committed_before(Side::Backup, Level::FIRST.above(9_999_999)),
        ..PLAIN
    },
    Scenario {
        name: "h16-gone",
        about: "the primary's disk cannot be read: the backup takes over, and its end says that the seed nonces are missing",
        world: |o| o.blocks_per_commitment = 1,
        prepare: |s| s.world.apply(Event::Host(Side::Primary, HostFault::BadDisk)),
        ..PLAIN
    },
    Scenario {
        name: "h17",
        about: "the Ledger's setting \"High Watermark\" is off: the run is cancelled",
        exit: 8,
        model: Some(Model::Ledger),
        prepare: |s| s.person.ledger_setting = false,
        ..PLAIN
    },
    Scenario {
        name: "h18",
        about: "another process holds the TezSign's sign interface: named, not ready",
        exit: 4,
        model: Some(Model::TezSign),
        prepare: |s| s.world.hold_sign_interface(Side::Backup, "a signer that nobody remembers (pid 4711)"),
        ..PLAIN
    },
    Scenario {
        name: "h19",
        about: "ssh reaches another machine than the one that was checked: refused",
        exit: 3,
        prepare: |s| s.policy.primary_pin = Some(HostIdentity { machine_id: "0".repeat(32) }),
        ..PLAIN
    },
    Scenario {
        name: "h20",
        about: "the node's peers are on another branch, and there is no further source: refused",
        exit: 3,
        world: |o| o.sources = &[],
        prepare: |s| s.world.apply(Event::PeersDisagree),
        ..PLAIN
    },
    Scenario {
        name: "h21",
        about: "the chain halts, so that silence never ends: after 30 minutes, refused",
        exit: 3,
        prepare: |s| s.world.at(in_seconds(s.world, 20), Event::HaltChain),
        ..PLAIN
    },
    Scenario {
        name: "h22",
        about: "the backup's signer dies after the primary was stopped: failed, nothing unsafe, `failover return` gives back",
        exit: 1,
        prepare: |s| s.world.at(in_seconds(s.world, 9), Event::Unplug(Side::Backup)),
        ..PLAIN
    },
];
