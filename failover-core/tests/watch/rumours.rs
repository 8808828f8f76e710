//! H25, S8: a vote that nobody has checked stops no machine that bakes; one that is signed twice does.

use failover_core::journal::record::{Outcome, Record};
use failover_core::watch::{Finding, Trouble, WatchRecord};
use failover_sim::Side;
use failover_sim::{Event, When};

use crate::support::{BOTH, after_failover};

/// Among the levels to come, at its own position before it signs there, and as an endless row of them.
#[test]
fn h25_an_unsigned_vote_stops_no_healthy_baker_and_is_said() {
    for model in BOTH {
        let mut watched = after_failover(model, 5);
        watched.goes_on(60);
        watched.world.apply(Event::Rumour { above: 9 });
        watched.goes_on(30);
        let said = watched.notes().into_iter().find_map(|note| match note {
            Finding::Trouble { what: Trouble::Rumour, why, .. } => Some(why),
            _ => None,
        });
        assert!(said.is_some_and(|why| why.contains("mempool (branch_delayed)")), "{model}: {}", watched.told());
        for _ in 0..40 {
            watched.world.apply(Event::Rumour { above: 15 });
            watched.goes_on(6);
        }
        let count = watched.troubles().into_iter().filter(|what| *what == Trouble::Rumour).count();
        assert!(count < 10, "{model}: said {count} times\n{}", watched.told());
        // They go away, and so does that; the baker has baked on.
        watched.goes_on(200);
        let over = watched.notes().iter().any(|note| matches!(note, Finding::Over { what: Trouble::Rumour, .. }));
        assert!(over, "{model}: {}", watched.told());
        assert!(watched.world.bakes(Side::Backup) && watched.watch.votes().missed == 0, "{model}");
    }
}

#[test]
fn h25_a_vote_that_is_signed_twice_stops_it() {
    for model in BOTH {
        let mut watched = after_failover(model, 5);
        watched.goes_on(60);
        watched.world.at(When::Signs(Side::Backup), Event::After(3, Box::new(Event::Conflict)));
        let end = watched.watch(60).unwrap_or_else(|| panic!("{model}: not seen\n{}", watched.told()));
        assert_eq!((end.exit, &end.outcome), (5, &Outcome::Duplicate), "{model}: {end:?}");
        watched.is_harmless();
        let foreign = watched.said().into_iter().find_map(|(_, said)| match said {
            WatchRecord::Run(record) => match *record {
                Record::Duplicate { signed, .. } => Some(signed),
                _ => None,
            },
            WatchRecord::Finding(_) => None,
        });
        let foreign = foreign.expect("a duplicate was said");
        assert!(foreign.iter().all(|s| s.seen_in.contains("another branch or payload")), "{model}: {foreign:?}");
    }
}
