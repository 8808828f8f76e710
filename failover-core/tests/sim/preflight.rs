//! S17: what can be seen before the primary is touched is seen before.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use failover_core::clock::Clock as _;
use failover_core::decision::{Refusal, Verdict};
use failover_core::journal::record::{End, Record};
use failover_core::signer::Model;
use failover_core::state::{Duplicate, StateDir};
use failover_core::tezos::{Kind, Position};
use failover_sim::drill::{Cut, DrillOptions, Rehearsal, Watcher, journal_of};
use failover_sim::scenario::Stage;
use failover_sim::{BAKER_UNIT, Event, HostFault, Pace, Side};

use crate::support::{BOTH, Case, harmless, judge, name};

/// What the baker's unit starts.
const BAKER: &str = "/bake-buddy/node/bin/octez-baker";

/// The scenarios, each with the signers with which a look alone shows it: what a locked TezSign hides shows only while it
/// is unlocked.
const SEEN: [(&str, &[Model]); 6] = [
    ("h29", &[Model::Ledger]),
    ("h29-for-ever", &[]),
    ("h29-damaged", &[]),
    ("h29-ruined", &[]),
    ("h37", &BOTH),
    ("h43", &BOTH),
];

fn cases() -> Vec<(Case, bool)> {
    let mut cases = Vec::new();
    for ((name, seen), model) in SEEN.into_iter().flat_map(|scenario| BOTH.map(|model| (scenario, model))) {
        if Case::new(name, model, 1).scenario.model.is_none_or(|only| only == model) {
            cases.extend((1..=2).map(|seed| (Case::new(name, model, seed), seen.contains(&model))));
        }
    }
    cases
}

/// Runs one session, and is content where it ends so and the primary was not touched: its baker still runs, and no command
/// that changes anything was sent there.
fn untouched(case: &Case, exit: u8, rehearsal: &mut Rehearsal, scratch: &Path) -> Result<End, String> {
    let world = rehearsal.world().clone();
    let (bakes, before) = (Side::BOTH.map(|side| world.bakes(side)), world.changes(Side::Primary));
    let end = rehearsal.session(None).map_err(|e| e.to_string())?.clone();
    let now = Side::BOTH.map(|side| world.bakes(side));
    let after = world.changes(Side::Primary);
    if end.exit != exit || now != bakes || after != before {
        let sent = &after[before.len()..];
        return Err(format!(
            "{case}: exit {}, {}; {bakes:?} baked, {now:?} bake; sent: {sent:?}",
            end.exit, end.message
        ));
    }
    if !bakes[1] {
        harmless(&world, scratch).map_err(|why| format!("{case}: {why}"))?;
    }
    Ok(end)
}

/// `run` ends 3 before it touches the primary.
#[test]
fn s17_the_primary_is_not_touched() {
    judge(&cases(), |(case, _)| {
        let (scratch, mut rehearsal) = case.rehearsal();
        untouched(case, 3, &mut rehearsal, scratch.path()).map(drop)
    });
}

/// `check` and the plan say the same, where a look alone shows it.
#[test]
fn s17_what_a_look_shows_is_refused_by_a_look() {
    judge(&cases(), |(case, seen)| {
        let (_scratch, mut rehearsal) = case.rehearsal();
        let (_, verdict) = rehearsal.look().map_err(|e| e.to_string())?;
        let refused = matches!(verdict, Verdict::Refuse(_));
        if refused == *seen { Ok(()) } else { Err(format!("{case}: a look says {verdict:?}")) }
    });
}

/// A damaged key is named, and is no wrong passphrase.
#[test]
fn h29_the_key_is_named() {
    for (name, key) in [("h29-damaged", "consensus"), ("h29-ruined", "companion")] {
        let case = Case::new(name, Model::TezSign, 3);
        let (scratch, mut rehearsal) = case.rehearsal();
        let end = untouched(&case, 3, &mut rehearsal, scratch.path()).unwrap();
        assert!(matches!(&end.refusal, Some(Refusal::Damaged { key: named }) if named.as_str() == key), "{end:?}");
    }
}

/// What is spoiled, the exit code of `run`, and words of its end. Each is said by a look too.
type Spoiled = (fn(&mut Stage<'_>), u8, &'static str);

#[test]
fn s17_what_the_start_needs_and_the_way_back_are_looked_at_first() {
    let spoiled: [Spoiled; 6] = [
        (|s| s.policy.primary_pin = None, 3, "was never pinned"),
        (|s| s.world.apply(Event::Host(Side::Backup, HostFault::NotImported)), 4, "does not have the"),
        (|s| s.world.apply(Event::Host(Side::Backup, HostFault::NotExecutable(BAKER.into()))), 4, "cannot be executed"),
        (|s| s.world.apply(Event::Host(Side::Backup, HostFault::UnitRemoved(BAKER_UNIT.into()))), 4, "not-found"),
        (|s| s.world.apply(Event::Host(Side::Primary, HostFault::ProcessesHidden)), 4, "reading back"),
        (|s| s.world.apply(Event::Host(Side::Primary, HostFault::UnitRemoved(BAKER_UNIT.into()))), 4, "reading back"),
    ];
    for (prepare, exit, words) in spoiled {
        for model in BOTH {
            let mut case = Case::new("planned", model, 4);
            case.scenario.prepare = prepare;
            let (scratch, mut rehearsal) = case.rehearsal();
            let (_, verdict) = rehearsal.look().unwrap();
            let Verdict::Refuse(refusal) = verdict else { panic!("{words}: a look says {verdict:?}") };
            assert!(refusal.to_string().contains(words) && !refusal.next().is_empty(), "{refusal}");
            let end = untouched(&case, exit, &mut rehearsal, scratch.path()).unwrap();
            assert!(end.message.contains(words), "{end:?}");
        }
    }
}

/// A script has no answer for the cable: it ends 2 before anything is touched, unless keys that are locked on the primary
/// from here can stand for it.
#[test]
fn s17_a_script_that_lacks_an_answer_touches_nothing() {
    let scripts: [fn(&mut Stage<'_>); 3] = [
        |s| s.world.apply(Event::Host(Side::Primary, HostFault::NoPrograms)),
        |s| s.world.apply(Event::Host(Side::Primary, HostFault::NoSudo)),
        |s| s.world.apply(Event::Unreachable(Side::Primary)),
    ];
    for prepare in scripts {
        let mut case = Case::new("planned", Model::TezSign, 5);
        case.scenario.prepare = prepare;
        let (scratch, mut rehearsal) = case.rehearsal();
        rehearsal.person_mut().script = true;
        let end = untouched(&case, 2, &mut rehearsal, scratch.path()).unwrap();
        assert!(end.message.contains("a flag"), "{end:?}");
        let records = journal_of(scratch.path()).unwrap();
        assert!(!records.iter().any(|record| name(record).starts_with("before")), "nothing was tried");
    }
    // A Ledger's setting, and its cable.
    let case = Case::new("planned", Model::Ledger, 5);
    let (scratch, mut rehearsal) = case.rehearsal();
    rehearsal.person_mut().script = true;
    untouched(&case, 2, &mut rehearsal, scratch.path()).unwrap();
    // All was seen: nobody is needed.
    let case = Case::new("planned", Model::TezSign, 5);
    let (_scratch, mut rehearsal) = case.rehearsal();
    rehearsal.person_mut().script = true;
    assert_eq!(rehearsal.session(None).unwrap().exit, 0);
}

/// A latched duplicate refuses a run, whatever its caller asked before: exit 5, and nothing is written or touched.
#[test]
fn s17_a_latched_duplicate_refuses_in_the_library() {
    for model in BOTH {
        let case = Case::new("planned", model, 6);
        let (scratch, mut rehearsal) = case.rehearsal();
        let (world, state) = (rehearsal.world().clone(), StateDir::existing(scratch.path()).unwrap());
        let (position, kind) = (Position::start_of(world.head_level()), Kind::Attestation);
        let (at, chain, baker) = (world.now(), world.options().chain, world.baker());
        state.latch_duplicate(&Duplicate { at, chain, baker, kind, position, evidence: "a test".to_owned() }).unwrap();
        let (_, verdict) = rehearsal.look().unwrap();
        assert!(matches!(verdict, Verdict::Refuse(Refusal::Latched { .. })), "{verdict:?}");
        let end = untouched(&case, 5, &mut rehearsal, scratch.path()).unwrap();
        assert!(end.next.contains("failover clear"), "{end:?}");
        assert!(journal_of(scratch.path()).unwrap().is_empty());
    }
}

/// Another run that is not over refuses a new one, and is itself taken up again.
#[test]
fn s17_another_unfinished_run_refuses_in_the_library() {
    let case = Case::new("planned", Model::TezSign, 7);
    let (scratch, mut first) = case.rehearsal();
    first.session(Some(Cut::When(|record| name(record) == "after hold-signer"))).unwrap();
    let watcher: Watcher = Arc::new(Mutex::new(|_, _: &Record| {}));
    let options = DrillOptions { model: case.model, seed: case.seed, pace: Pace::Fast };
    let mut second = Rehearsal::new(&case.scenario, &options, scratch.path(), &watcher).unwrap();
    second.world().clock().sleep(Duration::from_secs(60));
    let end = untouched(&case, 6, &mut second, scratch.path()).unwrap();
    assert!(matches!(end.refusal, Some(Refusal::Unfinished { .. })), "{end:?}");
    drop(second);
    assert_eq!(first.session(None).unwrap().exit, 0);
}
