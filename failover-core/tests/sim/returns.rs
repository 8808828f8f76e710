//! H3, S8: a primary that comes back, at every level around the floor. Inside the quarantine nothing is signed twice;
//! above it, the backup is stopped at the first position that its device did not sign, and nothing that was signed
//! twice before is denied.

use std::sync::atomic::{AtomicUsize, Ordering};

use failover_core::decision::Step;
use failover_core::journal::record::{End, Record};
use failover_core::signer::Model;
use failover_core::tezos::Kind;
use failover_sim::drill::{Cut, journal_of};
use failover_sim::operator::Cable;
use failover_sim::scenario::{Scenario, Stage, named};
use failover_sim::{BAKER_UNIT, Event, Side, When};

use crate::support::{BOTH, Case, harmless, judge, name};

/// Alive, cut off from everything, and the person is wrong about its cable.
fn mute(s: &mut Stage<'_>) {
    s.person.cable = Cable::Lies;
    s.world.apply(Event::Unreachable(Side::Primary));
    s.world.apply(Event::CutFromChain(Side::Primary));
}

/// The primary is back when the head is `back` levels above the floor.
#[derive(Debug)]
struct Return {
    case: Case,
    back: i64,
    /// At this level above the floor the backup's baker is killed; it comes back by itself 20 seconds later.
    killed: Option<u64>,
}

struct Seen {
    end: End,
    /// Positions that the simulator saw signed twice until the end of the run.
    twice: Vec<(Kind, u64, u32)>,
    /// Foreign ones, and those that may have been signed by both, as the record of the duplicate has them.
    reported: Vec<(Kind, u64, u32)>,
    records: Vec<String>,
}

fn happen(what: &Return) -> Result<Seen, String> {
    let (scratch, mut rehearsal) = what.case.rehearsal();
    rehearsal.session(Some(Cut::When(|r| name(r) == "after start"))).map_err(|e| e.to_string())?;
    let floor = journal_of(scratch.path()).unwrap().iter().find_map(|r| match r {
        Record::Before { step: Step::Start { floor, .. }, .. } => Some(floor.get()),
        _ => None,
    });
    let floor = floor.ok_or("never started")?;
    let world = rehearsal.world().clone();
    world.at(When::Level(floor.saturating_add_signed(what.back)), Event::BackOnChain(Side::Primary));
    if let Some(killed) = what.killed {
        world.at(When::Level(floor + killed), Event::KillService(Side::Backup, BAKER_UNIT.to_owned()));
    }
    let end = rehearsal.session(None).map_err(|e| e.to_string())?.clone();
    let twice = world.alarms().iter().map(|a| (a.kind, a.level, a.round.0)).collect();
    if end.exit != 0 {
        harmless(&world, scratch.path())?;
    }
    let records = journal_of(scratch.path()).unwrap();
    let reported = records
        .iter()
        .filter_map(
            |r| if let Record::Duplicate { signed, shared } = r { Some(signed.iter().chain(shared)) } else { None },
        )
        .flatten()
        .map(|s| (s.kind, s.at.level.get(), s.at.round.0))
        .collect();
    Ok(Seen { end, twice, reported, records: records.iter().map(name).collect() })
}

fn returns(backs: std::ops::RangeInclusive<i64>, killed: Option<u64>) -> Vec<Return> {
    let scenario = Scenario { prepare: mute, ..named("h3").unwrap().clone() };
    let cases = |model| (1..=5).map(move |seed| (model, seed));
    BOTH.into_iter()
        .flat_map(cases)
        .flat_map(|(model, seed)| backs.clone().map(move |back| (model, seed, back)))
        .map(|(model, seed, back)| Return { case: Case { scenario: scenario.clone(), model, seed }, back, killed })
        .collect()
}

#[test]
fn inside_the_quarantine_nothing_is_signed_twice() {
    judge(&returns(-6..=-1, None), |what| {
        let Seen { end, twice, records, .. } = happen(what)?;
        if end.exit == 5 && twice.is_empty() && !end.message.contains("signed twice") {
            return Ok(());
        }
        Err(format!("{what:?}: {} {}: {twice:?} {records:?}", end.exit, end.message))
    });
}

/// A TezSign that was raised to F does not sign (F, 0), so that a primary back at F is seen at once; a Ledger's own votes
/// there look the same.
#[test]
fn above_the_floor_it_is_stopped_where_it_is_alone_and_what_was_signed_twice_is_reported() {
    let twice_at_all = AtomicUsize::new(0);
    judge(&returns(0..=1, Some(2)), |what| {
        let Seen { end, twice, reported, records } = happen(what)?;
        let wrong = |why: &str| Err(format!("{what:?}: {why}: {} {}: {twice:?} {records:?}", end.exit, end.message));
        if end.exit != 5 {
            return wrong("not stopped");
        }
        if let Some(denied) = twice.iter().find(|position| !reported.contains(position)) {
            return wrong(&format!("{denied:?} is not reported"));
        }
        let position = |(kind, level, round): &(Kind, u64, u32)| {
            let level = failover_core::tezos::Level::new(*level).unwrap();
            format!("{kind} ({level:#}, {round})")
        };
        if let Some(unsaid) = twice.iter().map(position).find(|position| !end.message.contains(position)) {
            return wrong(&format!("{unsaid} is not said"));
        }
        twice_at_all.fetch_add(usize::from(!twice.is_empty()), Ordering::SeqCst);
        Ok(())
    });
    let worlds = twice_at_all.load(Ordering::SeqCst);
    println!("{worlds} worlds with a position signed twice before the backup was stopped");
    assert!(worlds > 0, "nothing was signed twice, so these worlds prove nothing");
}

/// Where both sign the same positions, nothing tells one from the other: the run may end well. A device's mark cannot
/// say more, and no source does before a denunciation. What is certain is that it is no worse than said.
#[test]
fn in_step_with_the_backup_it_cannot_be_told_apart() {
    judge(&returns(1..=2, None), |what| {
        let Seen { end, twice, reported, .. } = happen(what)?;
        let told = end.exit == 5 && twice.iter().all(|position| reported.contains(position));
        if end.exit == 0 || told { Ok(()) } else { Err(format!("{what:?}: {} {}", end.exit, end.message)) }
    });
    let case = Case::new("h3-after", Model::TezSign, 1);
    let (_scratch, drilled) = case.drill();
    let end = drilled.end().unwrap();
    assert!(end.message.contains("may be signed twice"), "{}", end.message);
}
