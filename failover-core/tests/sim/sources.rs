//! H1, H2, H20: sources that disagree, lag, lie or do not answer, before a run and in the middle of it.

use std::time::Duration;

use failover_core::clock::Timestamp;
use failover_core::decision::Verdict;
use failover_core::journal::record::{End, Record};
use failover_core::signer::Model;
use failover_sim::drill::{Cut, Rehearsal, journal_of};
use failover_sim::scenario::Scenario;
use failover_sim::{Event, Questions, RpcFault, Side, Source, SourceFault, When, World};

use crate::support::{Case, judge, name};

const BOTH: &[Source] = &[Source::Tzkt, Source::Node];

/// More records than any run of these writes.
const MOST_RECORDS: usize = 300;

/// A planned failover with TzKT and a further node, before it begins.
fn rehearsal(seed: u64) -> (tempfile::TempDir, Rehearsal) {
    let case = Case::new("planned", Model::TezSign, seed);
    let scenario = Scenario { world: |o| (o.sources, o.history) = (BOTH, 128), ..case.scenario };
    Case { scenario, ..case }.rehearsal()
}

/// What one run ended with, its records, and that a refused one touched nothing.
fn run(spoil: impl FnOnce(&World)) -> Result<(End, Vec<Record>), String> {
    let (scratch, mut rehearsal) = rehearsal(1);
    spoil(rehearsal.world());
    // S10: one that waits for ever is cut off, and ends as no run may.
    let end = rehearsal.session(Some(Cut::After(MOST_RECORDS))).map_err(|e| e.to_string())?.clone();
    let records = journal_of(scratch.path()).unwrap();
    let shown: Vec<String> = records.iter().map(name).collect();
    let touched = shown.iter().any(|record| record.starts_with("before"));
    if end.exit == 3 && (touched || !rehearsal.world().bakes(Side::Primary)) {
        return Err(format!("refused ({}) after {shown:?}", end.message));
    }
    let alarms = rehearsal.finish().alarms;
    if alarms.is_empty() { Ok((end, records)) } else { Err(format!("{alarms:?}")) }
}

/// What a first look says: the refusal, with exit 3, or what is known of the sources, with 0.
fn look(spoil: impl FnOnce(&World)) -> Result<(u8, Vec<String>), String> {
    let (_scratch, mut rehearsal) = rehearsal(1);
    spoil(rehearsal.world());
    let (facts, verdict) = rehearsal.look().map_err(|e| e.to_string())?;
    match verdict {
        Verdict::Refuse(refusal) => Ok((refusal.exit(), vec![refusal.to_string()])),
        Verdict::Ask(_) => Ok((0, facts.chain.opinions())),
        other => Err(format!("{other:?}")),
    }
}

/// One source is spoiled from the beginning: the exit code, and what is said of it: in the refusal, or beside the
/// other opinions where the source is ignored. The scenarios go on from there to the end.
#[test]
fn h20_one_spoiled_source_contradicts_or_is_ignored_and_is_named() {
    use SourceFault::{Ahead, Behind, Down, Fork, OtherChain, Rpc, SignedAhead, Stuck};
    let mut cases = Vec::new();
    for source in BOTH {
        cases.extend(
            [
                (Behind(1), 0, "agrees"),
                (Behind(2), 0, "agrees"),
                (Behind(3), 0, "3 levels behind, and ignored"),
                (Behind(10), 0, "10 levels behind, and ignored"),
                (Behind(100), 0, "100 levels behind, and ignored"),
                (Behind(1_000_000), 0, "1000000 levels behind, and ignored"),
                (Stuck, 0, "agrees"),
                (Ahead(3), 3, "3 levels ahead"),
                (Ahead(100), 3, "100 levels ahead"),
                (Ahead(1_000_000), 3, "1000000 levels ahead"),
                (Fork(2), 0, "being reorganised"),
                (Fork(3), 3, "another block"),
                (Fork(u64::MAX), 3, "another block"),
                (OtherChain, 3, "on the chain NetXnHfVqm9iesp"),
                (Down, 0, "cannot be reached"),
                (Rpc(RpcFault::TooMany), 0, "asked too often"),
                (Rpc(RpcFault::Html), 0, "HTML"),
                (Rpc(RpcFault::Hangs), 0, "did not answer"),
                (Rpc(RpcFault::Huge), 0, "more than"),
                (Rpc(RpcFault::Denied), 0, "denies"),
                (Rpc(RpcFault::Cut), 0, "something unexpected"),
                (Rpc(RpcFault::LevelZero), 0, "level 0"),
            ]
            .map(|(fault, exit, says)| (*source, fault, exit, says)),
        );
    }
    cases.push((Source::Tzkt, SignedAhead(1_000_000), 3, "past the cap"));
    cases.push((Source::Tzkt, SignedAhead(5), 0, "agrees"));
    judge(&cases, |(source, fault, exit, says)| {
        let (found, said) = look(|world| world.apply(Event::Source(*source, Some(*fault))))?;
        let named = said.iter().any(|one| one.contains(says) && one.contains(of(*source)));
        if found == *exit && named { Ok(()) } else { Err(format!("{source:?} {fault:?}: {found} {said:?}")) }
    });
}

const fn of(source: Source) -> &'static str {
    match source {
        Source::Tzkt => "the simulated TzKT",
        Source::Node => "the further simulated node",
    }
}

/// Whoever could have confirmed the own node's head, and why it did not, is in the refusal.
#[test]
fn h1_alone_is_refused_and_names_everybody_who_is_missing() {
    let down =
        |world: &World| BOTH.iter().for_each(|source| world.apply(Event::Source(*source, Some(SourceFault::Down))));
    for peers in [Event::Deny(vec![Questions::Peers]), Event::NoPeers(true), Event::PeersDisagree] {
        let shown = format!("{peers:?}");
        let (end, _) = run(|world| {
            down(world);
            world.apply(peers);
        })
        .unwrap();
        assert_eq!(end.exit, 3, "{shown}: {}", end.message);
        for missing in ["peers", of(Source::Tzkt), of(Source::Node)] {
            assert!(end.message.contains(missing), "{shown}: {}", end.message);
        }
    }
    // One of the two is enough; the peers alone are not.
    for source in BOTH {
        let (exit, said) = look(|world| {
            down(world);
            world.apply(Event::NoPeers(true));
            world.apply(Event::Source(*source, None));
        })
        .unwrap();
        assert_eq!(exit, 0, "{source:?}: {said:?}");
    }
    let (exit, said) = look(down).unwrap();
    assert!(exit == 3 && BOTH.iter().all(|source| said[0].contains(of(*source))), "{said:?}");
    // Others do not replace the own node, which is named.
    let (end, _) = run(|world| world.apply(Event::Rpc(Some(RpcFault::Denied)))).unwrap();
    assert!(end.exit == 3 && end.message.contains("the simulated node denies"), "{}", end.message);
}

/// What an access list denies is refused before the primary is touched where the run could not end without it.
#[test]
fn h1_what_is_denied_is_refused_in_time_or_not_needed() {
    for (questions, exit) in [(Questions::Helpers, 3), (Questions::Peers, 0), (Questions::Mempool, 0)] {
        let (end, _) = run(|world| world.apply(Event::Deny(vec![questions]))).unwrap();
        assert_eq!(end.exit, exit, "{questions:?}: {}", end.message);
    }
}

fn later(world: &World, seconds: i64) -> Timestamp {
    Timestamp::from_millis(world.now().millis() + seconds * 1000)
}

/// In the middle of a run a source that contradicts is waited for, and then the run is refused with nothing armed.
#[test]
fn h20_a_source_that_turns_bad_in_the_middle_is_waited_for_and_then_refused() {
    let bad = |source, fault| Event::Source(source, Some(fault));
    for (fault, seconds, exit) in [
        (SourceFault::Ahead(1000), 60, 0),
        (SourceFault::Ahead(1000), 600, 3),
        (SourceFault::Fork(50), 600, 3),
        (SourceFault::Stuck, 600, 0),
        (SourceFault::Down, 600, 0),
    ] {
        for source in BOTH {
            let (scratch, mut rehearsal) = rehearsal(2);
            let world = rehearsal.world().clone();
            world.at(later(&world, 10), bad(*source, fault));
            world.at(later(&world, 10 + seconds), Event::Source(*source, None));
            let end = rehearsal.session(None).unwrap().clone();
            let records = journal_of(scratch.path()).unwrap();
            let started = records.iter().any(|r| name(r) == "before start");
            assert_eq!((end.exit, started), (exit, exit == 0), "{source:?} {fault:?} {seconds}: {}", end.message);
            if exit == 3 {
                assert!(end.message.contains(of(*source)), "{}", end.message);
                crate::support::harmless(&world, scratch.path()).unwrap();
            }
        }
    }
}

/// Blocks that are replaced, whenever it happens: no refusal, and nothing signed twice.
#[test]
fn a_reorganisation_of_two_blocks_at_any_time_changes_nothing() {
    let cases: Vec<(Model, u64)> = [Model::TezSign, Model::Ledger]
        .into_iter()
        .flat_map(|model| (0..12).map(move |n| (model, 1 + n * 9)))
        .collect();
    judge(&cases, |(model, seconds)| {
        let (_scratch, mut rehearsal) = Case::new("planned", *model, 3).rehearsal();
        let world = rehearsal.world().clone();
        world.at(later(&world, i64::try_from(*seconds).unwrap()), Event::Reorganise(2));
        let end = rehearsal.session(None).map_err(|e| e.to_string())?.clone();
        let alarms = rehearsal.finish().alarms;
        if end.exit == 0 && alarms.is_empty() { Ok(()) } else { Err(format!("{seconds}: {} {alarms:?}", end.message)) }
    });
}

/// H13: heads that are old when they come are no slow chain; a slow chain's are new when they come.
#[test]
fn h13_a_clock_that_is_ahead_is_refused_and_a_slow_chain_is_waited_for() {
    let (end, _) = run(|world| world.apply(Event::HeadFromFuture(-45))).unwrap();
    assert!(end.exit == 3 && end.message.contains("clock"), "{}", end.message);
    assert_eq!(run(|world| world.apply(Event::HeadFromFuture(-20))).unwrap().0.exit, 0);
    let (end, records) = run(|world| {
        world.apply(Event::HaltChain);
        world.at(later(world, 300), Event::ResumeChain);
        failover_core::clock::Clock::sleep(&world.clock(), Duration::from_secs(60));
    })
    .unwrap();
    assert_eq!(end.exit, 0, "{}", end.message);
    assert!(records.iter().any(|r| name(r) == "wait Chain"), "{:?}", records.iter().map(name).collect::<Vec<_>>());
}

/// H37: one look, as `check` and the plan take it, waits for the next head, and tells the clock from a slow chain.
#[test]
fn h37_a_look_says_that_it_is_the_clock() {
    let (exit, said) = look(|world| world.apply(Event::HeadFromFuture(-300))).unwrap();
    assert!(exit == 3 && said[0].contains("clock is ahead"), "{said:?}");
    let halted = look(|world| {
        world.apply(Event::HaltChain);
        failover_core::clock::Clock::sleep(&world.clock(), Duration::from_secs(60));
    });
    assert!(halted.as_ref().is_err_and(|verdict| verdict.contains("Chain")), "{halted:?}");
    // Blocks that are being replaced are over in a moment.
    let moves = |world: &World| BOTH.iter().for_each(|s| world.apply(Event::Source(*s, Some(SourceFault::Fork(2)))));
    let (exit, said) = look(|world| {
        moves(world);
        BOTH.iter().for_each(|source| world.at(later(world, 5), Event::Source(*source, None)));
    })
    .unwrap();
    assert_eq!(exit, 0, "{said:?}");
}

/// A contradiction that comes after the start and stays: the backup bakes on, and the end says that nothing verified it.
#[test]
fn h20_after_the_start_the_backup_bakes_on_and_the_end_says_so() {
    let (_scratch, mut rehearsal) = rehearsal(1);
    let spoiled = Event::Source(Source::Tzkt, Some(SourceFault::Ahead(100)));
    rehearsal.world().at(When::Signs(Side::Backup), spoiled);
    let end = rehearsal.session(Some(Cut::After(MOST_RECORDS))).unwrap().clone();
    assert_eq!(end.exit, 3, "{end:?}");
    assert!(end.message.contains("goes on baking") && end.next.contains("failover watch"), "{end:?}");
    assert!(rehearsal.world().bakes(Side::Backup) && !rehearsal.world().bakes(Side::Primary));
    assert!(rehearsal.finish().alarms.is_empty());
}
