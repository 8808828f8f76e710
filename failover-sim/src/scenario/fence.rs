//! Nobody is at the primary: what can be put up there from the backup, and what happens where it cannot.

use super::{PLAIN, Scenario};
use crate::event::{Event, HostFault};
use crate::operator::Cable;
use crate::options::Side;
use failover_core::signer::Model;

pub(super) static FENCE: &[Scenario] = &[
    Scenario {
        name: "nobody-there",
        about: "the primary answers, and nobody is at it: stopped, guarded and locked over ssh, its secret put away",
        model: Some(Model::TezSign),
        prepare: |s| s.person.cable = Cable::CannotSay,
        ..PLAIN
    },
    Scenario {
        name: "nobody-there-etc",
        about: "the same, and its /etc cannot be written: the boot guard is missing, and so it is refused",
        exit: 3,
        prepare: |s| {
            s.person.cable = Cable::CannotSay;
            s.world.apply(Event::Host(Side::Primary, HostFault::ReadOnlyEtc));
        },
        ..PLAIN
    },
    Scenario {
        name: "there-and-back",
        about: "after the failover the repaired primary stands by, and everything goes back to it the same way",
        turns: 1,
        ..PLAIN
    },
];
