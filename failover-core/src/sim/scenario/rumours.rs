//! Votes in the mempool whose signature nobody has checked, votes that are signed twice, and a consensus key that changes.

use super::{PLAIN, Scenario, in_seconds};
use crate::sim::event::{Event, When};
use crate::sim::options::Side;

pub(super) static RUMOURS: &[Scenario] = &[
    Scenario {
        name: "h25",
        about: "unsigned votes of this baker in the mempool, in the quarantine and above the floor: said, and nothing is stopped",
        prepare: |s| {
            for (seconds, above) in [(25, 2), (33, 7), (41, 3), (49, 19), (57, 5), (65, 3), (73, 11), (81, 2)] {
                s.world.at(in_seconds(s.world, seconds), Event::Rumour { above });
            }
            s.world.at(When::Signs(Side::Backup), Event::Rumour { above: 13 });
        },
        ..PLAIN
    },
    Scenario {
        name: "h25-held",
        about: "one after the other, before the start and until its end: it is held for 6 levels in all, and then tried",
        prepare: |s| {
            for seconds in (20..180).step_by(4) {
                s.world.at(in_seconds(s.world, seconds), Event::Rumour { above: 12 });
            }
        },
        ..PLAIN
    },
    Scenario {
        name: "h25-conflict",
        about: "a vote with another payload where the backup has voted, its signature checked by the node: the backup is stopped",
        exit: 5,
        prepare: |s| s.world.at(When::Signs(Side::Backup), Event::After(8, Box::new(Event::Conflict))),
        ..PLAIN
    },
];
