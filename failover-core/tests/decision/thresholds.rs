//! Each threshold, on both of its sides.

use std::time::Duration;

use failover_core::clock::Timestamp;
use failover_core::decision::{
    Basis, Missed, Noted, Policy, Progress, Refusal, Statement, Verdict, WaitFor, Waiting, bound, consensus_marks,
    decide, floor, foreign, is_open, shared,
};
use failover_core::facts::{
    Arming, BootGuard, ExpectedKey, Facts, GuardState, KeyName, KeyRole, KeyState, LevelActivity, Mark, Marks, Model,
    Power, Question, SecondOpinion,
};
use failover_core::guard::GuardNote;
use failover_core::tezos::{Curve, KeyHash, Kind, Position, Round};

use crate::world::*;

fn ago(seconds: u64) -> Timestamp {
    Timestamp::from_millis(now().millis() - i64::try_from(seconds * 1000).unwrap())
}

fn verdict(facts: &Facts, progress: &Progress) -> Verdict {
    decide(facts, &policy(), progress)
}

fn name(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Do(step) => step.get().name(),
        other => panic!("no step: {other:?}"),
    }
}

fn refused(verdict: Verdict) -> Refusal {
    match verdict {
        Verdict::Refuse(refusal) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

fn waits(verdict: Verdict) -> Waiting {
    match verdict {
        Verdict::Wait(waiting) => waiting,
        other => panic!("no wait: {other:?}"),
    }
}

fn aged(seconds: u64) -> Facts {
    let mut facts = facts();
    facts.chain.head.as_mut().unwrap().value.timestamp = ago(seconds);
    facts
}

/// Levels `from` to `to` without rights.
fn idle(from: u64, to: u64) -> Vec<LevelActivity> {
    quiet(from, to).into_iter().map(|l| LevelActivity { rights: false, ..l }).collect()
}

#[test]
fn a_wait_reads_back_as_it_was_written() {
    for left in [None, Some(Duration::from_secs(7))] {
        let wait = Waiting { why: WaitFor::Stopped, left };
        let text = serde_json::to_string(&wait).unwrap();
        assert_eq!(serde_json::from_str::<Waiting>(&text).unwrap(), wait, "{text}");
    }
}

#[test]
fn the_chain_is_open_only_where_it_is_known() {
    assert!(is_open(&facts(), &policy(), &Progress::default()));
    let mut blind = facts();
    blind.chain.head = unknown();
    assert!(!is_open(&blind, &policy(), &Progress::default()));
}

#[test]
fn s3_a_head_is_fresh_for_thirty_seconds() {
    assert_eq!(name(&verdict(&aged(30), &prepared())), "unlock");
    assert!(matches!(waits(verdict(&aged(31), &prepared())).why, WaitFor::Chain { .. }));
    // It was thirty seconds old when it came, and is older now: it grew old.
    let came = Progress { head: Some((level(HEAD), ago(10))), first_head: Some(level(HEAD - 1)), ..prepared() };
    assert!(matches!(waits(verdict(&aged(40), &came)).why, WaitFor::Chain { .. }));
}

#[test]
fn h1_more_than_half_of_the_peers_and_two_at_least() {
    for (asked, agreeing, enough) in
        [(5, 3, true), (5, 2, false), (3, 2, true), (4, 2, false), (2, 2, true), (1, 1, false)]
    {
        let mut facts = facts();
        facts.chain.second = known(SecondOpinion { asked, agreeing, highest: level(HEAD) });
        assert_eq!(is_open(&facts, &policy(), &Progress::default()), enough, "{agreeing} of {asked}");
    }
}

#[test]
fn h8_only_a_key_of_the_next_cycle_within_fifty_levels_is_waited_for() {
    for (cycle, levels, waited) in [(1001, 50, true), (1001, 51, false), (1002, 50, false), (1000, 50, true)] {
        let mut facts = facts();
        let delegate = &mut facts.chain.delegate.as_mut().unwrap().value;
        delegate.levels_to_next_cycle = levels;
        delegate.keys.push(ExpectedKey { key: consensus(), role: KeyRole::Consensus, from_cycle: Some(cycle) });
        let verdict = verdict(&facts, &Progress::default());
        let found = matches!(verdict, Verdict::Refuse(Refusal::KeyChange { .. }));
        assert_eq!(found, waited, "{cycle} {levels}: {verdict:?}");
    }
}

/// S7: the guard on a primary that another machine put up is that machine's claim.
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
fn s2_a_head_that_grew_old_counts_with_the_blocks_that_may_have_come_since() {
    let lifted = |age| floor(&aged(age), &policy(), &Progress::default(), level(HEAD), None).unwrap().get() - HEAD;
    assert_eq!((lifted(5), lifted(6), lifted(13), lifted(29)), (10, 11, 12, 14));
}

#[test]
fn s4_a_floor_at_the_cap_is_not_past_it() {
    let margin = |margin| floor(&facts(), &Policy { margin, ..policy() }, &Progress::default(), level(HEAD), None);
    assert_eq!(margin(100), Ok(level(HEAD + 100)));
    assert!(matches!(margin(101), Err(Refusal::PastCap { .. })));
}

#[test]
fn h18_a_signer_that_cannot_be_held_is_not_ready_after_three_tries_and_other_steps_fail() {
    let failed = |step, n: u32| Progress {
        holding: false,
        failures: [(step, (n, "busy".to_owned()))].into(),
        tried: [(step, n), ("merge-nonces", 1)].into(),
        ..prepared()
    };
    assert_eq!(name(&verdict(&facts(), &failed("hold-signer", 2))), "hold-signer");
    let refusal = refused(verdict(&facts(), &failed("hold-signer", 3)));
    assert!(refusal.exit() == 4 && refusal.to_string().contains("busy"), "{refusal}");
    let unlock = |n| Progress { holding: true, ..failed("unlock", n) };
    assert_eq!(name(&verdict(&facts(), &unlock(2))), "unlock");
    let verdict = verdict(&facts(), &unlock(3));
    assert!(matches!(&verdict, Verdict::Failed { step: "unlock", why } if why == "busy"), "{verdict:?}");
}

#[test]
fn s10_a_step_without_effect_is_not_done_for_ever() {
    let tried = |n| Progress { tried: [("unlock", n), ("merge-nonces", 1)].into(), ..prepared() };
    assert_eq!(name(&verdict(&facts(), &tried(7))), "unlock");
    let verdict = verdict(&facts(), &tried(8));
    assert!(matches!(&verdict, Verdict::Failed { step: "unlock", why } if why.contains("8 times")), "{verdict:?}");
}

/// The level is noted of a head that was read after the stop was read back, not of the same gathering.
#[test]
fn s2_the_level_is_not_noted_of_a_head_that_is_as_old_as_the_stop() {
    let stopped = |at| Progress { noted: None, stopped_since: Some(at), ..prepared() };
    assert_eq!(waits(verdict(&facts(), &stopped(now()))).why, WaitFor::Stopped);
    assert_eq!(name(&verdict(&facts(), &stopped(Timestamp::from_millis(now().millis() - 1)))), "note-level");
}

#[test]
fn h22_what_the_backup_does_not_show_in_the_middle_of_a_run_is_waited_for_two_minutes() {
    let mut facts = facts();
    facts.backup.device = unknown();
    let unknown_for = |seconds| Progress { unknown_since: Some(ago(seconds)), ..prepared() };
    let wait = waits(verdict(&facts, &unknown_for(119)));
    assert!(matches!(wait.why, WaitFor::Known { .. }) && wait.left == Some(Duration::from_secs(1)), "{wait:?}");
    assert!(matches!(verdict(&facts, &unknown_for(120)), Verdict::Failed { step: "look", .. }));
    // Nothing was done yet: it is not ready.
    for progress in [Progress { tried: [].into(), ..unknown_for(119) }, Progress { proceed: false, ..unknown_for(119) }]
    {
        assert_eq!(refused(verdict(&facts, &progress)).exit(), 4);
    }
}

/// S1a: a boot guard that is unknown for two minutes: not ready before the primary was touched, a failure after it.
#[test]
fn s1a_a_boot_guard_that_cannot_be_read_any_more() {
    let mut facts = facts();
    facts.backup.boot_guard = unknown();
    let unknown_for_long = Progress { unknown_since: Some(ago(120)), ..prepared() };
    assert!(matches!(verdict(&facts, &unknown_for_long), Verdict::Failed { step: "look", .. }));
    let untouched = Progress { noted: None, ..unknown_for_long };
    assert_eq!(refused(verdict(&facts, &untouched)).exit(), 4);
}

#[test]
fn h17_a_person_looks_at_the_ledgers_setting_before_the_primary_is_touched() {
    let mut facts = facts();
    facts.backup.device.as_mut().unwrap().value.info.model = Model::Ledger;
    let told = |ledger_setting| verdict(&facts, &Progress { ledger_setting, noted: None, ..prepared() });
    assert_eq!(told(None), Verdict::Ask(Question::LedgerSetting));
    assert_eq!(refused(told(Some(false))).exit(), 8);
    assert_eq!(name(&told(Some(true))), "note-level");
}

#[test]
fn s6_a_statement_holds_for_less_than_fifteen_minutes() {
    let stated = |seconds| Progress { statements: [(Statement::Disconnected, ago(seconds))].into(), ..prepared() };
    assert_eq!(stated(899).stated(Statement::Disconnected, now()), Some(ago(899)));
    assert_eq!(stated(900).stated(Statement::Disconnected, now()), None);
    assert!(matches!(verdict(&facts(), &stated(900)), Verdict::Ask(Question::Disconnected { .. })));
}

#[test]
fn h21_the_head_is_as_old_as_its_first_sight_and_power_that_is_off_as_its_first_word() {
    let mut progress = Progress::default();
    let mut see = |at: u64, seconds_ago: u64, power| {
        let mut facts = facts();
        facts.now = ago(seconds_ago);
        facts.chain.head = known(head(at));
        facts.primary.power = known(power).map(|seen| failover_core::facts::Observed { at: ago(seconds_ago), ..seen });
        progress.observe(&facts, None);
        (progress.head.unwrap(), progress.power_off_since)
    };
    assert_eq!(see(HEAD, 60, Power::Off), ((level(HEAD), ago(60)), Some(ago(60))));
    assert_eq!(see(HEAD, 50, Power::Off), ((level(HEAD), ago(60)), Some(ago(60))));
    assert_eq!(see(HEAD - 1, 40, Power::On), ((level(HEAD), ago(60)), None), "a head that was taken back is no news");
    assert_eq!(see(HEAD + 1, 30, Power::Off), ((level(HEAD + 1), ago(30)), Some(ago(30))));
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
        bound(&facts, &policy(), &Progress { stopped_since: Some(ago(1)), ..prepared() }).unwrap()
    };
    let (b, basis) = noted(now(), vec![file(Writer::OctezSigner, companion(), HEAD + 2)]);
    assert!(b == level(HEAD + 2) && matches!(basis, Basis::Unseen { .. }), "{basis}");
    let baker = file(Writer::OctezBaker, consensus(), HEAD);
    let (b, basis) = noted(now(), vec![baker.clone(), file(Writer::OctezSigner, stranger, HEAD + 1)]);
    assert!(b == level(HEAD) && matches!(basis, Basis::Marks { .. }), "{basis}");
    // Read from the moment on in which the stop was read back.
    assert!(matches!(noted(ago(1), vec![baker.clone()]).1, Basis::Marks { .. }));
    assert!(matches!(noted(ago(2), vec![baker]).1, Basis::Unseen { .. }));
}

/// H4, S8: foreign before anything was armed is a fence that is not there; once armed or started it is a duplicate.
#[test]
fn s8_what_is_foreign_stops_a_backup_that_was_armed_or_started() {
    for (armed, start) in [(false, false), (true, false), (false, true), (true, true)] {
        let (mut facts, mut progress) = if start { started(HEAD - 2, HEAD) } else { raised(HEAD + 7) };
        progress.armed = armed;
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
    let blind = Policy { quarantine: false, ..policy() };
    for (at, found) in [(HEAD - 7, false), (HEAD - 6, false), (HEAD - 5, true)] {
        let (mut facts, mut progress) = started(HEAD - 6, HEAD - 6);
        progress.noted = Some(Noted { head: level(HEAD - 12), bound: level(HEAD - 10) });
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

/// Services that cannot be seen after the start are looked at again, not started again.
#[test]
fn s3_services_that_are_not_known_after_a_start_are_not_started_again() {
    for (holding, armed) in [(true, false), (false, true)] {
        let (mut facts, mut progress) = started(HEAD - 2, HEAD);
        facts.backup.services = unknown();
        (progress.holding, progress.armed) = (holding, armed);
        progress.tried.insert("start", 1);
        assert!(matches!(waits(verdict(&facts, &progress)).why, WaitFor::Quarantine { .. }), "{holding} {armed}");
    }
}

#[test]
fn h9_a_start_that_was_cut_off_is_verified_where_its_services_run_and_done_again_where_they_do_not() {
    let (mut facts, mut progress) = started(HEAD - 2, HEAD);
    progress.started.as_mut().unwrap().complete = false;
    assert!(matches!(verdict(&facts, &progress), Verdict::Wait(_)));
    progress.tried.insert("start", 1);
    facts.backup.services = known(stopped());
    facts.backup.guard = known(GuardState::Guarded);
    progress.started.as_mut().unwrap().complete = true;
    assert!(matches!(verdict(&facts, &progress), Verdict::Do(_)), "what does not run bakes nothing");
}

#[test]
fn s10_a_backup_without_rights_is_waited_for_two_hundred_levels_above_the_floor() {
    for (floor, waited) in [(HEAD - 202, true), (HEAD - 203, true), (HEAD - 204, false), (HEAD - 300, false)] {
        let (mut facts, mut progress) = started(floor, floor);
        progress.noted = Some(Noted { head: level(floor - 12), bound: level(floor - 10) });
        progress.tried.insert("start", 1);
        activity(&mut facts).settled = idle(floor - 9, HEAD - 3);
        let verdict = verdict(&facts, &progress);
        assert_eq!(matches!(verdict, Verdict::Wait(_)), waited, "{floor}: {verdict:?}");
        assert_eq!(matches!(verdict, Verdict::Failed { step: "start", .. }), !waited, "{floor}: {verdict:?}");
    }
}

#[test]
fn what_is_waited_for_at_the_end_is_named_with_what_is_left_of_it() {
    // The last level below the floor is not settled yet.
    let (facts, progress) = started(HEAD + 7, HEAD + 7);
    let wait = waits(verdict(&facts, &progress));
    assert_eq!(wait.why, WaitFor::Quarantine { judged: Some(level(HEAD - 3)), floor: level(HEAD + 7) });
    assert_eq!(wait.left, Some(Duration::from_secs(66)), "ten levels and one more");
    // Settled just now, with nothing signed: what is missed meanwhile is not what is waited for.
    let (mut facts, mut progress) = started(HEAD - 3, HEAD);
    progress.missed = Some(Missed { cycle: 1000, levels: 9, since: level(HEAD) });
    let wait = waits(verdict(&facts, &progress));
    assert_eq!((wait.why, wait.left), (WaitFor::Baking { floor: level(HEAD - 3), head: level(HEAD) }, None));
    // Signed above the floor, and the levels below it not all judged.
    activity(&mut facts).settled.remove(7);
    activity(&mut facts).recent.push(signed(Kind::Attestation, HEAD - 2, 0));
    assert!(matches!(waits(verdict(&facts, &progress)).why, WaitFor::Quarantine { .. }));
}

#[test]
fn a_head_counts_the_missed_levels_below_it_only() {
    let (mut facts, mut progress) = started(HEAD - 6, HEAD);
    activity(&mut facts).settled = quiet(HEAD - 4, HEAD - 3);
    activity(&mut facts).settled[0].signed.push(signed(Kind::Attestation, HEAD - 4, 0));
    progress.noted = Some(Noted { head: level(HEAD - 7), bound: level(HEAD - 5) });
    progress.missed = Some(Missed { cycle: 1000, levels: 7, since: level(HEAD - 6) });
    assert!(matches!(verdict(&facts, &progress), Verdict::Done(_)));
    facts.chain.delegate.as_mut().unwrap().value.level = level(HEAD - 3);
    assert!(matches!(waits(verdict(&facts, &progress)).why, WaitFor::Steady { .. }), "of HEAD - 3 it says nothing yet");
}

/// What an earlier start signed is the backup's own, and no proof that this one bakes: its mark has not passed the floor.
#[test]
fn the_first_signature_counts_once_the_devices_own_mark_has_passed_the_floor() {
    let at = |round| Marks::all(Mark::at(Position::new(level(HEAD - 6), Round(round))));
    let attested = |kind, round, seen: u64, now: Marks| {
        let (mut facts, mut progress) = started(HEAD - 6, HEAD);
        progress.noted = Some(Noted { head: level(HEAD - 12), bound: level(HEAD - 10) });
        progress.earlier = vec![(marks(HEAD - 9), marks(HEAD))];
        facts.backup.device = known(device(Arming::Armed, Some(now)));
        activity(&mut facts).settled = quiet(HEAD - 9, HEAD - 3);
        let there = activity(&mut facts).settled.iter_mut().find(|l| l.level == level(seen)).unwrap();
        there.signed.push(signed(kind, seen, round));
        verdict(&facts, &progress)
    };
    let verdict = attested(Kind::Attestation, 0, HEAD - 4, at(0));
    assert!(matches!(&verdict, Verdict::Wait(w) if matches!(w.why, WaitFor::Baking { .. })), "{verdict:?}");
    assert!(matches!(attested(Kind::Attestation, 0, HEAD - 4, marks(HEAD - 5)), Verdict::Done(_)));
    assert!(matches!(attested(Kind::Block, 1, HEAD - 6, at(1)), Verdict::Done(_)), "the floor's next round passes it");
}
