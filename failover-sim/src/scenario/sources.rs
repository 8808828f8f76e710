//! Sources that disagree, lag, lie or do not answer.

use std::time::Duration;

use super::{PLAIN, Scenario, in_seconds};
use crate::event::{Event, Questions};
use crate::machine::NODE_UNIT;
use crate::options::Side;
use crate::source::{RpcFault, Source, SourceFault};
use crate::world::World;
use failover_core::chain::SyncState;
use failover_core::clock::Clock;

const BOTH: &[Source] = &[Source::Tzkt, Source::Node];

fn spoil(world: &World, source: Source, fault: SourceFault) {
    world.apply(Event::Source(source, Some(fault)));
}

/// The node knows its peers, and lets nobody ask for their heads.
fn no_peers(world: &World) {
    world.apply(Event::Deny(vec![Questions::Peers]));
}

pub(super) static SOURCES: &[Scenario] = &[
    Scenario {
        name: "h1-stuck",
        about: "the node is stuck and says that it is synced, TzKT is further: refused",
        exit: 3,
        prepare: |s| {
            s.world.apply(Event::CutFromChain(Side::Backup));
            s.world.apply(Event::NodeSync(SyncState::Synced));
            s.world.clock().sleep(Duration::from_secs(60));
        },
        ..PLAIN
    },
    Scenario {
        name: "h1-node-down",
        about: "the own node is down; TzKT, which answers, does not replace it: refused",
        exit: 3,
        prepare: |s| {
            // What the command says does not matter: what the node answers then is what the scenario is about.
            let _stopped = s.world.exec(Side::Backup, &["systemctl", "stop", NODE_UNIT]);
        },
        ..PLAIN
    },
    Scenario {
        name: "h1-one-down",
        about: "one of three sources is down: said, and ignored",
        world: |o| o.sources = BOTH,
        prepare: |s| spoil(s.world, Source::Tzkt, SourceFault::Down),
        ..PLAIN
    },
    Scenario {
        name: "h1-two-down",
        about: "two of three sources are down, and only the node's peers agree with it: refused, both named",
        exit: 3,
        world: |o| o.sources = BOTH,
        prepare: |s| BOTH.iter().for_each(|source| spoil(s.world, *source, SourceFault::Down)),
        ..PLAIN
    },
    Scenario {
        name: "h1-alone",
        about: "two of three sources are down, and the node's peers cannot be asked: refused, each of them named",
        exit: 3,
        world: |o| o.sources = BOTH,
        prepare: |s| {
            no_peers(s.world);
            BOTH.iter().for_each(|source| spoil(s.world, *source, SourceFault::Down));
        },
        ..PLAIN
    },
    Scenario {
        name: "h1-no-peers",
        about: "the node's peers cannot be asked, TzKT agrees with it: the backup takes over",
        prepare: |s| no_peers(s.world),
        ..PLAIN
    },
    Scenario {
        name: "h1-tzkt-lags",
        about: "TzKT lags by 10 levels, and there is no other source: refused",
        exit: 3,
        prepare: |s| spoil(s.world, Source::Tzkt, SourceFault::Behind(10)),
        ..PLAIN
    },
    Scenario {
        name: "h1-tzkt-429",
        about: "TzKT is asked too often (429), and there is no other source: refused",
        exit: 3,
        prepare: |s| spoil(s.world, Source::Tzkt, SourceFault::Rpc(RpcFault::TooMany)),
        ..PLAIN
    },
    Scenario {
        name: "h1-tzkt-html",
        about: "TzKT answers with a web page, and a further node agrees: said, and ignored",
        world: |o| o.sources = BOTH,
        prepare: |s| spoil(s.world, Source::Tzkt, SourceFault::Rpc(RpcFault::Html)),
        ..PLAIN
    },
    Scenario {
        name: "h1-acl",
        about: "the node denies rights (helpers/*): silence could never be counted, refused before anything is done",
        exit: 3,
        prepare: |s| s.world.apply(Event::Deny(vec![Questions::Helpers])),
        ..PLAIN
    },
    Scenario {
        name: "h2-tzkt",
        about: "TzKT is on another chain: refused",
        exit: 3,
        prepare: |s| spoil(s.world, Source::Tzkt, SourceFault::OtherChain),
        ..PLAIN
    },
    Scenario {
        name: "h4-no-rights",
        about: "the baker has no rights in 200 levels: silence proves nothing, refused",
        exit: 3,
        world: |o| (o.rights_in_ten, o.block_seconds) = (0, 2),
        ..PLAIN
    },
    Scenario {
        name: "h13-old",
        about: "every head is a minute old, and new ones come: this machine's clock is ahead, refused",
        exit: 3,
        prepare: |s| s.world.apply(Event::HeadFromFuture(-60)),
        ..PLAIN
    },
    Scenario {
        name: "h15-pruned",
        about: "blocks have the text \"too large\" in place of receipts: what was signed cannot be known, refused",
        exit: 3,
        prepare: |s| {
            s.world.apply(Event::PrunedMetadata(true));
            s.world.clock().sleep(Duration::from_secs(60));
        },
        ..PLAIN
    },
    Scenario {
        name: "h20-ahead",
        about: "a source is a million levels ahead: one of the two is wrong, refused",
        exit: 3,
        prepare: |s| spoil(s.world, Source::Tzkt, SourceFault::Ahead(1_000_000)),
        ..PLAIN
    },
    Scenario {
        name: "h20-ahead-3",
        about: "a source is 3 levels ahead, further than blocks travel: refused",
        exit: 3,
        prepare: |s| spoil(s.world, Source::Tzkt, SourceFault::Ahead(3)),
        ..PLAIN
    },
    Scenario {
        name: "h20-behind",
        about: "a further node is a hundred levels behind, TzKT agrees: said, and ignored",
        world: |o| (o.sources, o.history) = (BOTH, 128),
        prepare: |s| spoil(s.world, Source::Node, SourceFault::Behind(100)),
        ..PLAIN
    },
    Scenario {
        name: "h20-vote-ahead",
        about: "TzKT claims a vote of this baker a million levels ahead: past the cap, refused",
        exit: 3,
        prepare: |s| spoil(s.world, Source::Tzkt, SourceFault::SignedAhead(1_000_000)),
        ..PLAIN
    },
    Scenario {
        name: "h20-fork",
        about: "TzKT has other final blocks than the node: refused",
        exit: 3,
        prepare: |s| spoil(s.world, Source::Tzkt, SourceFault::Fork(5)),
        ..PLAIN
    },
    Scenario {
        name: "h20-reorganised",
        about: "two blocks are replaced while silence is counted, and two more after the start: the run goes on",
        prepare: |s| {
            for seconds in [20, 70] {
                s.world.at(in_seconds(s.world, seconds), Event::Reorganise(2));
            }
        },
        ..PLAIN
    },
];
