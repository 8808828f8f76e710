//! S8, S12, H3: the primary comes back after the failover. At its first position that this machine's device did not
//! sign, this machine is stopped; what was signed twice before that is reported.

use failover_core::journal::record::{Outcome, Record};
use failover_core::state::{Latch, StateDir};
use failover_core::tezos::Level;
use failover_core::watch::{Finding, WatchRecord};
use failover_sim::drill::journal_of;
use failover_sim::{BAKER_UNIT, Event, Side, When};

use crate::support::{BOTH, Watched, after_failover, on};

/// A watch ended with a duplicate: disarmed, latched, said, written down. Gives the position that told it.
fn stopped(watched: &Watched, end: &failover_core::journal::record::End) -> Vec<failover_core::chain::Signed> {
    assert_eq!((end.exit, &end.outcome), (5, &Outcome::Duplicate), "{end:?}");
    assert!(end.next.contains("failover clear"), "{end:?}");
    watched.is_harmless();
    let state = StateDir::existing(watched.folder.path()).unwrap();
    let Latch::Latched(latched) = state.latch() else { panic!("not latched") };
    let foreign = watched.said().into_iter().find_map(|(_, said)| match said {
        WatchRecord::Run(record) => match *record {
            Record::Duplicate { signed, .. } => Some(signed),
            _ => None,
        },
        WatchRecord::Finding(_) => None,
    });
    let foreign = foreign.expect("a duplicate was said");
    assert!(foreign.iter().any(|s| s.kind == latched.kind && s.at == latched.position));
    let written = journal_of(watched.folder.path()).unwrap();
    let [.., Record::Duplicate { signed, .. }, Record::Disarmed { proven: true, .. }, Record::End(last)] =
        written.as_slice()
    else {
        panic!("not written down: {written:?}")
    };
    assert_eq!((signed, last), (&foreign, end));
    foreign
}

/// The backup's baker is dead for a while, and the primary comes back: its first vote is not the backup's.
#[test]
fn a_primary_that_returns_after_the_floor_stops_the_backup() {
    for model in BOTH {
        let mut watched = after_failover(model, 3);
        watched.goes_on(60);
        watched.world.exec(Side::Backup, &["systemctl", "stop", BAKER_UNIT]).unwrap();
        watched.goes_on(30);
        watched.primary_returns();
        let back = watched.world.now();
        let end = watched.watch(60).unwrap_or_else(|| panic!("{model}: not seen\n{}", watched.told()));
        let foreign = stopped(&watched, &end);
        // Preattestations are signed a sixth of a block after it, and seen in the mempool: far from two blocks.
        assert!(watched.world.now().since(back).as_secs() < 12, "{model}: {:?}", watched.world.now().since(back));
        assert!(watched.world.alarms().is_empty(), "{model}");
        let first = foreign.iter().map(|s| s.at.level).min().unwrap();
        assert!(first >= Level::new(watched.world.head_level().get() - 2).unwrap(), "{model}: {foreign:?}");
        // It stays so: the journal's run is over, and nothing here signs any more.
        let signed = watched.signatures();
        failover_core::clock::Clock::sleep(&watched.world.clock(), std::time::Duration::from_secs(120));
        assert_eq!(watched.signatures(), signed, "{model}");
    }
}

/// Both machines bake. Votes are the same and harmless, blocks are not; the first position that only the primary signs
/// tells it, and the blocks before it are named.
#[test]
fn what_was_signed_twice_before_is_reported_with_its_positions() {
    for model in BOTH {
        let mut named = 0;
        for seed in 5..=7 {
            let mut watched = after_failover(model, seed);
            watched.goes_on(60);
            watched.primary_returns();
            // While both sign everything, the marks here explain everything.
            watched.goes_on(30);
            watched.world.apply(Event::KillService(Side::Backup, BAKER_UNIT.to_owned()));
            let end = watched.watch(60).unwrap_or_else(|| panic!("{model}: not seen\n{}", watched.told()));
            stopped(&watched, &end);
            let perhaps = watched.notes().into_iter().find_map(|note| match note {
                Finding::PerhapsTwice { signed } => Some(signed),
                _ => None,
            });
            let perhaps = perhaps.unwrap_or_default();
            for alarm in watched.world.alarms() {
                let is = |s: &&failover_core::chain::Signed| {
                    s.kind == alarm.kind && s.at.level.get() == alarm.level && s.at.round == alarm.round
                };
                assert!(perhaps.iter().any(|s| is(&s)), "{model} seed {seed}: {alarm} is not in {perhaps:?}");
                assert!(end.message.contains(&format!("({:#}, {})", Level::new(alarm.level).unwrap(), alarm.round)));
                named += 1;
            }
        }
        assert!(named > 0, "{model}: no block was signed twice, so this proves nothing");
    }
}

/// A vote that is in no block yet, and perhaps never will be, counts.
#[test]
fn a_sighting_in_the_mempool_alone_stops_it() {
    for model in BOTH {
        let mut watched = after_failover(model, 3);
        watched.goes_on(30);
        watched.world.exec(Side::Backup, &["systemctl", "stop", BAKER_UNIT]).unwrap();
        watched.goes_on(30);
        watched.primary_returns();
        let end = watched.watch(60).unwrap();
        let foreign = stopped(&watched, &end);
        assert!(foreign.iter().all(|s| s.seen_in == "mempool"), "{model}: {foreign:?}");
    }
}

/// S8: from B + 1 on. The primary votes inside the quarantine, the run dies, and a watch begins only afterwards.
#[test]
fn a_watch_that_begins_late_judges_from_b_on() {
    use failover_sim::drill::{Cut, DrillOptions, Rehearsal};
    use failover_sim::scenario::{Scenario, named};
    for model in BOTH {
        let folder = tempfile::tempdir().unwrap();
        let scenario = Scenario { name: "late", ..named("emergency").unwrap().clone() };
        let watcher: failover_sim::drill::Watcher = std::sync::Arc::new(std::sync::Mutex::new(|_, _: &Record| {}));
        let options = DrillOptions { model, seed: 9, pace: failover_sim::Pace::Fast };
        let mut rehearsal = Rehearsal::new(&scenario, &options, folder.path(), &watcher).unwrap();
        let started = |record: &Record| matches!(record, Record::After { step, .. } if step.name() == "start");
        rehearsal.session(Some(Cut::When(started))).unwrap();
        let world = rehearsal.world().clone();
        let floor = journal_of(folder.path()).unwrap().iter().find_map(|record| match record {
            Record::Before { step: failover_core::decision::Step::Start { floor, .. }, .. } => Some(*floor),
            _ => None,
        });
        let floor = floor.expect("a start");
        // The primary signs below the floor, for two blocks, and is gone again.
        assert!(world.head_level().above(3) < floor, "{model}: {} {floor}", world.head_level());
        world.apply(Event::Plug(Side::Primary));
        let passphrase = world.passphrase();
        world.unlock(Side::Primary, &passphrase);
        world.apply(Event::Reachable(Side::Primary));
        world.exec(Side::Primary, &["sudo", "-n", "tezbake", "start"]).unwrap();
        world.at(When::Level(world.head_level().get() + 3), Event::PowerOff(Side::Primary));
        // The backup bakes for long before anybody watches.
        failover_core::clock::Clock::sleep(&world.clock(), std::time::Duration::from_secs(900));
        assert!(world.bakes(Side::Backup), "{model}");
        let mut watched = on(world, Side::Backup, folder);
        let end = watched.watch(60).unwrap_or_else(|| panic!("{model}: not seen\n{}", watched.told()));
        let foreign = stopped(&watched, &end);
        assert!(foreign.iter().all(|s| s.at.level < floor), "{model}: {foreign:?} {floor}");
    }
}
