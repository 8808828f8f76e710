//! Evidence that contradicts: a head that is out of bounds, a clock, a refusal of long ago, power that is not off.

use std::time::Duration;

use super::{PLAIN, Scenario, in_seconds};
use crate::chain::PROTOCOL;
use crate::event::{Event, HostFault};
use crate::operator::Cable;
use crate::options::Side;
use crate::scenario::Stage;
use crate::source::Source;
use crate::world::World;
use failover_core::clock::Clock;
use failover_core::facts::HeadPin;
use failover_core::tezos::Level;

const BOTH: &[Source] = &[Source::Tzkt, Source::Node];

/// The own node's head where nothing else is.
const FALSE: u64 = 19_999_993;

/// This many levels above everybody else's.
const AHEAD: u64 = 4_692_727;

/// The own node and its peers are far ahead of every other source.
fn ahead(world: &World) {
    world.apply(Event::NodeAhead(AHEAD));
}

/// The head that `check` pinned an hour ago, when everybody agreed.
fn honest_pin(s: &mut Stage<'_>) {
    let at = in_seconds(s.world, -3_600);
    let level = s.world.head_level().get().saturating_sub(AHEAD).saturating_sub(600);
    s.policy.head_pin = Level::new(level).map(|level| HeadPin {
        chain: s.policy.chain,
        level,
        at,
        block_seconds: s.world.options().block_seconds,
        protocol: PROTOCOL.to_owned(),
    });
}

fn without(s: &mut Stage<'_>, sources: &[Source]) {
    s.policy.without = sources.iter().map(|source| source.name().to_owned()).collect();
}

/// Nobody can reach the primary, unplug it or switch it off, and it signs nothing; the person takes every risk.
fn mute(s: &mut Stage<'_>) {
    (s.person.cable, s.person.takes_the_risk) = (Cable::CannotSay, true);
    mute_now(s.world);
}

fn mute_now(world: &World) {
    world.apply(Event::Unreachable(Side::Primary));
    world.apply(Event::CutFromChain(Side::Primary));
}

pub(super) static EVIDENCE: &[Scenario] = &[
    Scenario {
        name: "h26",
        about: "the own node is millions of levels ahead of two sources that agree with each other: refused",
        exit: 3,
        world: |o| (o.sources, o.head) = (BOTH, Some(FALSE)),
        prepare: |s| ahead(s.world),
        ..PLAIN
    },
    Scenario {
        name: "h26-pin",
        about: "the same, both sources left out and the node's peers alike: the pinned head has had no time for it, refused",
        exit: 3,
        world: |o| (o.sources, o.head) = (BOTH, Some(FALSE)),
        prepare: |s| {
            ahead(s.world);
            honest_pin(s);
            without(s, BOTH);
        },
        ..PLAIN
    },
    Scenario {
        name: "h26-no-pin",
        about: "the same without any pinned head: nothing bounds the node's, refused",
        exit: 3,
        world: |o| (o.sources, o.head) = (BOTH, Some(FALSE)),
        prepare: |s| {
            ahead(s.world);
            without(s, BOTH);
        },
        ..PLAIN
    },
    Scenario {
        name: "h26-later",
        about: "in the middle of a run the own node is found millions of levels ahead of its only source: refused",
        exit: 3,
        world: |o| o.head = Some(FALSE),
        prepare: |s| s.world.at(in_seconds(s.world, 20), Event::NodeAhead(AHEAD)),
        ..PLAIN
    },
    Scenario {
        name: "h27",
        about: "refused in an outage of an hour, the primary back for another, then mute for 40 s: from the beginning, refused",
        exit: 3,
        prepare: mute,
        meanwhile: Some(|world| {
            world.clock().sleep(Duration::from_secs(3_600));
            world.apply(Event::BackOnChain(Side::Primary));
            world.clock().sleep(Duration::from_secs(3_600));
            world.apply(Event::CutFromChain(Side::Primary));
            world.clock().sleep(Duration::from_secs(40));
        }),
        ..PLAIN
    },
    Scenario {
        name: "h27-week",
        about: "the same, refused a week ago and mute since: a refusal counts for a day",
        exit: 3,
        world: |o| o.block_seconds = 600,
        prepare: mute,
        meanwhile: Some(|world| world.clock().sleep(Duration::from_secs(7 * 24 * 3_600))),
        ..PLAIN
    },
    Scenario {
        name: "h27-mute",
        about: "refused an hour ago, and mute ever since: every level was read, the person takes the risk, the backup bakes",
        prepare: mute,
        meanwhile: Some(|world| world.clock().sleep(Duration::from_secs(3_600))),
        ..PLAIN
    },
    Scenario {
        name: "h37",
        about: "this machine's clock is five minutes ahead, every source agrees: told as the clock, refused",
        exit: 3,
        world: |o| o.sources = BOTH,
        prepare: |s| s.world.apply(Event::HeadFromFuture(-300)),
        ..PLAIN
    },
    Scenario {
        name: "h38",
        about: "the power status says that the primary is off, and it answers: refused",
        exit: 3,
        world: |o| o.power_status = Some("off"),
        ..PLAIN
    },
    Scenario {
        name: "h38-without",
        about: "the same, and a person leaves the power status out: the controlled path, as without one",
        world: |o| o.power_status = Some("off"),
        prepare: |s| s.policy.without = vec![failover_core::decision::policy::POWER.to_owned()],
        ..PLAIN
    },
    Scenario {
        name: "h38-said",
        about: "the primary answers and cannot be guarded, a person says that it is switched off: refused",
        exit: 3,
        prepare: |s| {
            s.person.cable = Cable::SaysOff;
            s.world.apply(Event::Host(Side::Primary, HostFault::ReadOnlyEtc));
        },
        ..PLAIN
    },
];
