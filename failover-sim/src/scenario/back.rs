//! The job goes back to the primary, or does not (S16).

use super::{PLAIN, Scenario, in_seconds};
use crate::event::{Event, HostFault};
use crate::options::Side;

/// Scenarios with a `failover return` at their end.
pub(super) static BACK: &[Scenario] = &[
    Scenario {
        name: "h28",
        about: "the backup's signer dies after the primary was fenced: stated to be unplugged, `return` gives the job back",
        gives_back: true,
        prepare: |s| s.world.at(in_seconds(s.world, 9), Event::Unplug(Side::Backup)),
        ..PLAIN
    },
    Scenario {
        name: "return-baked",
        about: "the backup has baked and is stood down: `return` is refused, whatever the newest journal says",
        exit: 3,
        gives_back: true,
        ..PLAIN
    },
    Scenario {
        name: "return-idle",
        about: "the run ends before anything was unlocked: every mark is where it was, and `return` gives the job back",
        gives_back: true,
        prepare: |s| s.world.at(in_seconds(s.world, 12), Event::HaltChain),
        ..PLAIN
    },
    Scenario {
        name: "h40",
        about: "`return` leaves its permit on the primary, is stood down there, and its start comes late: nothing is started",
        exit: 7,
        gives_back: true,
        prepare: |s| {
            s.world.at(in_seconds(s.world, 12), Event::HaltChain);
            s.world.apply(Event::Host(Side::Primary, HostFault::StoodDownBefore));
        },
        ..PLAIN
    },
];
