//! Whose it is: a position on chain, a mark in a file, the guard on the primary.

use failover_core::decision::{
    Basis, Noted, Policy, Progress, Quarantine, Refusal, Verdict, bound, consensus_marks, decide, foreign, shared,
};
use failover_core::facts::{Arming, BootGuard, ExpectedKey, KeyName, KeyRole, KeyState, PlanId, Question};
use failover_core::guard::GuardNote;
use failover_core::tezos::{Curve, KeyHash, Kind, Round};

use crate::world::*;

fn refused(verdict: Verdict) -> Refusal {
    match verdict {
        Verdict::Refuse(refusal) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

/// S7: the guard on a primary that another machine put up is that machine's claim.
#[test]
fn h33_a_copy_of_this_machine_is_another_one() {
    let own: PlanId = "K7MPQ2".parse().unwrap();
    let note = GuardNote::new(now(), "root@x", &"b".repeat(32), Some(own));
    let mut facts = facts();
    facts.primary.boot_guard = known(BootGuard::Holds { units: vec!["baker.service".to_owned()], note });
    for (plans, elsewhere) in
        [(None, false), (Some(vec![own]), false), (Some(vec!["K7MPQ3".parse().unwrap()]), true), (Some(vec![]), true)]
    {
        // Whether or not the primary was ever checked from here.
        for pin in [policy().primary_pin, None] {
            let policy = Policy { plans: plans.clone(), primary_pin: pin.clone(), ..policy() };
            let verdict = decide(&facts, &policy, &Progress::default());
            let found = matches!(&verdict, Verdict::Refuse(Refusal::FencedElsewhere { .. }));
            assert_eq!(found, elsewhere, "{plans:?} {pin:?}: {verdict:?}");
        }
    }
}

#[test]
fn s7_a_primary_that_another_machine_fenced_is_refused_with_seven() {
    for (machine, elsewhere) in [("c", true), ("b", false), ("a", false)] {
        let note = GuardNote::new(now(), "root@x", &machine.repeat(32), None);
        let mut facts = facts();
        facts.primary.boot_guard = known(BootGuard::Holds { units: vec!["baker.service".to_owned()], note });
        let verdict = verdict(&facts, &Progress::default());
        if elsewhere {
            let refusal = refused(verdict);
            assert!(matches!(refusal, Refusal::FencedElsewhere { .. }) && refusal.exit() == 7, "{refusal:?}");
        } else {
            assert!(matches!(verdict, Verdict::Ask(Question::Proceed { .. })), "{machine}: {verdict:?}");
        }
    }
}

#[test]
fn s4_a_mark_at_head_plus_two_changes_nothing_and_a_strangers_mark_neither() {
    use failover_core::facts::{Observed, PrimaryMarks, ReadMarks, Writer, WrittenMark};
    use failover_core::mark_files::MarkFile;
    let stranger = KeyHash::new(Curve::Bls, [9; 20]);
    let file = |writer, key, at| MarkFile {
        path: "/base/marks".to_owned(),
        writer,
        marks: vec![WrittenMark { key, kind: Kind::Attestation, level: level(at), round: Some(Round(0)) }],
    };
    let noted = |began, files| {
        let mut facts = facts();
        activity(&mut facts).recent.push(signed(Kind::Attestation, HEAD - 3, 0));
        let value = ReadMarks { began, found: PrimaryMarks { files, ..PrimaryMarks::default() } };
        facts.primary.marks = Ok(Observed { value, source: "primary".to_owned(), at: now() });
        bound(&facts, &policy(), &but(prepared(), |p| p.session.stopped_since = Some(seconds_ago(1)))).unwrap()
    };
    let (b, basis) = noted(now(), vec![file(Writer::OctezSigner, companion(), HEAD + 2)]);
    assert!(b == level(HEAD + 2) && matches!(basis, Basis::Unseen { .. }), "{basis}");
    let baker = file(Writer::OctezBaker, consensus(), HEAD);
    let (b, basis) = noted(now(), vec![baker.clone(), file(Writer::OctezSigner, stranger, HEAD + 1)]);
    assert!(b == level(HEAD) && matches!(basis, Basis::Marks { .. }), "{basis}");
    // Read from the moment on in which the stop was read back.
    assert!(matches!(noted(seconds_ago(1), vec![baker.clone()]).1, Basis::Marks { .. }));
    assert!(matches!(noted(seconds_ago(2), vec![baker]).1, Basis::Unseen { .. }));
}

/// H4, S8: foreign before anything was armed is a fence that is not there; once armed or started it is a duplicate.
#[test]
fn s8_what_is_foreign_stops_a_backup_that_was_armed_or_started() {
    for (armed, start) in [(false, false), (true, false), (false, true), (true, true)] {
        let (mut facts, mut progress) = if start { started(HEAD - 2, HEAD) } else { raised(HEAD + 7) };
        progress.session.armed = armed;
        activity(&mut facts).recent.push(signed(Kind::Attestation, HEAD - 4, 0));
        let verdict = verdict(&facts, &progress);
        if armed || start {
            assert!(matches!(verdict, Verdict::Duplicate(_)), "{armed} {start}: {verdict:?}");
        } else {
            assert!(matches!(verdict, Verdict::Refuse(Refusal::NotSilent { .. })), "{verdict:?}");
        }
    }
}

/// The simulator's switch: without the quarantine only what lies above the floor is judged.
#[test]
fn without_the_quarantine_a_position_above_the_floor_is_still_foreign() {
    let blind = Policy { quarantine: Quarantine::off_in_a_simulation(), ..policy() };
    for (at, found) in [(HEAD - 7, false), (HEAD - 6, false), (HEAD - 5, true)] {
        let (mut facts, mut progress) = started(HEAD - 6, HEAD - 6);
        progress.kept.noted = Some(Noted { head: level(HEAD - 12), bound: level(HEAD - 10) });
        activity(&mut facts).recent.push(signed(Kind::Attestation, at, 0));
        assert_eq!(matches!(decide(&facts, &blind, &progress), Verdict::Duplicate(_)), found, "{at}");
        assert!(matches!(verdict(&facts, &progress), Verdict::Duplicate(_)), "{at}");
    }
}

/// S8: while the backup's marks are not shown, what lies below the floor is foreign all the same.
#[test]
fn s8_below_the_floor_no_mark_is_needed_to_tell_whose_a_position_is() {
    for (at, certain) in [(HEAD - 3, true), (HEAD - 2, false), (HEAD - 1, false)] {
        let (mut facts, progress) = started(HEAD - 2, HEAD);
        facts.backup.device = known(device(Arming::Disarmed, None));
        activity(&mut facts).recent.push(signed(Kind::Attestation, at, 0));
        let found = foreign(&facts, &progress);
        assert_eq!((found.certain.len(), found.undecided.len()), (usize::from(certain), usize::from(!certain)), "{at}");
    }
    // What is at or below B is the primary's past and nobody's news.
    let (mut facts, progress) = started(HEAD - 2, HEAD);
    activity(&mut facts).recent = vec![signed(Kind::Attestation, HEAD - 5, 0), signed(Kind::Block, HEAD - 1, 0)];
    assert_eq!(shared(&facts, &progress), [signed(Kind::Block, HEAD - 1, 0)]);
    facts.backup.device = unknown();
    assert_eq!(shared(&facts, &progress), [signed(Kind::Block, HEAD - 1, 0)], "whose it is cannot be told; B can");
}

/// S8: whose marks explain a position: the active consensus key's, not the companion's nor a key's that is to come.
#[test]
fn s8_the_marks_are_those_of_the_active_consensus_key() {
    let mut facts = facts();
    let pending = KeyHash::new(Curve::Bls, [3; 20]);
    let delegate = &mut facts.chain.delegate.as_mut().unwrap().value;
    delegate.keys.insert(0, ExpectedKey { key: pending, role: KeyRole::Consensus, from_cycle: Some(1002) });
    let key =
        |name: &str, key, at| KeyState { name: KeyName::new(name), key, arming: Arming::Armed, marks: Some(marks(at)) };
    facts.backup.device.as_mut().unwrap().value.keys =
        vec![key("pending", pending, 1), key("companion", companion(), 2), key("consensus", consensus(), 3)];
    assert_eq!(consensus_marks(&facts), Some(marks(3)));
    facts.backup.device.as_mut().unwrap().value.keys[2].arming = Arming::Corrupted;
    assert_eq!(consensus_marks(&facts), None, "S3: what a corrupted key shows is not known");
}
