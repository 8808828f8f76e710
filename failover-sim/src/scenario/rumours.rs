//! Votes in the mempool whose signature nobody has checked, votes that are signed twice, and a consensus key that changes.

use super::{PLAIN, Scenario, Stage, in_seconds};
use crate::chain::BLOCKS_PER_CYCLE;
use crate::event::{Event, When};
use crate::options::{Side, WorldOptions};
use failover_core::signer::Model;

/// The first level of a cycle.
const CYCLE: u64 = 1064 * BLOCKS_PER_CYCLE + 1;

/// Another consensus key becomes active so many levels after the world's first head.
fn changes_in(options: &mut WorldOptions, levels: u64) {
    (options.head, options.key_change) = (Some(CYCLE.saturating_sub(levels)), Some(CYCLE));
}

/// The floor is a few levels below the change, so that both keys sign before the end.
fn the_floor_is_right_below(s: &mut Stage<'_>) {
    s.policy.margin = CYCLE.saturating_sub(s.world.head_level().get()).saturating_sub(4);
}

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
    Scenario {
        name: "h39",
        about: "the consensus key changes between start and verify, both on the device: the old one's last votes are its own",
        model: Some(Model::TezSign),
        world: |o| changes_in(o, 62),
        prepare: the_floor_is_right_below,
        ..PLAIN
    },
    Scenario {
        name: "h8-change",
        about: "a key change comes near in the middle of the run, the primary is fenced by then: waited for",
        model: Some(Model::TezSign),
        world: |o| changes_in(o, 52),
        ..PLAIN
    },
];
