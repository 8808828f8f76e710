//! The order of the steps, and what is foreign.

use failover_core::decision::{Path, Progress, Refusal, Step, StepKind, Verdict, WaitFor, decide, raise_by_hand};
use failover_core::facts::{Arming, BootGuard, Facts, GuardState, KeyName, Question};
use failover_core::signer::Cap;
use failover_core::signer::RaiseError;
use failover_core::tezos::Kind;

use crate::world::*;

fn step(facts: &Facts, progress: &Progress) -> Step {
    match decide(facts, &policy(), progress) {
        Verdict::Do(approved) => approved.get().clone(),
        other => panic!("no step: {other:?}"),
    }
}

/// S1a: without its own boot guard the backup is not ready; but once the primary was stopped that is a failure (H22),
/// and a baker behind commands has no units to guard.
#[test]
fn s1a_a_backup_whose_boot_guard_does_not_hold_is_not_ready() {
    const KIND: StepKind = StepKind::InstallBootGuard;
    let open = || known(Some(BootGuard::Open { why: vec!["baker.service: nothing".to_owned()] }));
    let tries = |n: u32, why: &str| (n, why.to_owned());
    let go = but(permitted(), |p| p.kept.proceed = true);
    let facts = |boot_guard| {
        let mut facts = facts();
        facts.backup.boot_guard = boot_guard;
        facts
    };
    let refused = |verdict: Verdict| match verdict {
        Verdict::Refuse(refusal @ Refusal::NotReady { .. }) => {
            assert_eq!(refusal.exit(), 4);
            refusal.to_string()
        }
        other => panic!("{other:?}"),
    };
    // It cannot be read at all.
    assert!(refused(decide(&facts(unknown()), &policy(), &go)).contains("boot guard"));
    // It cannot be written, or was written and is not in force.
    let failed = but(go.clone(), |p| {
        (p.session.failures, p.session.tried) = ([(KIND, tries(3, "read-only"))].into(), [(KIND, 3)].into())
    });
    assert!(refused(decide(&facts(open()), &policy(), &failed)).contains("read-only"));
    let idle = but(go.clone(), |p| p.session.tried = [(KIND, 3)].into());
    assert!(refused(decide(&facts(open()), &policy(), &idle)).contains("baker.service: nothing"));
    let once = but(go.clone(), |p| {
        (p.session.failures, p.session.tried) = ([(KIND, tries(1, "busy"))].into(), [(KIND, 1)].into())
    });
    assert_eq!(step(&facts(open()), &once), Step::InstallBootGuard);
    // The primary was stopped already: that run has failed, and the primary can be given back.
    let late = but(failed, |p| p.kept.stop_sent = true);
    assert!(matches!(decide(&facts(open()), &policy(), &late), Verdict::Failed { step: KIND, .. }));
    assert_eq!(step(&facts(known(None)), &go), Step::DisarmBackup);
}

#[test]
fn the_plan_is_confirmed_before_anything_is_done() {
    let verdict = decide(&facts(), &policy(), &Progress::default());
    assert_eq!(verdict, Verdict::Ask(Question::Proceed { name: "mybaker".to_owned(), plan: None }));
}

#[test]
fn s1a_the_backup_is_fenced_from_itself_first() {
    let go = but(permitted(), |p| p.kept.proceed = true);
    let mut facts = facts();
    facts.backup.guard = known(GuardState::Lifted);
    facts.backup.services = known(running());
    facts.primary.services = known(running());
    assert_eq!(step(&facts, &go), Step::GuardBackup);
    facts.backup.guard = known(GuardState::Guarded);
    assert_eq!(step(&facts, &go), Step::StopBackup);
    facts.backup.services = known(stopped());
    facts.backup.boot_guard = known(Some(BootGuard::Open { why: vec!["baker.service: nothing".to_owned()] }));
    facts.backup.device = known(device(Arming::Armed, Some(marks(5))));
    assert_eq!(step(&facts, &go), Step::InstallBootGuard);
    facts.backup.boot_guard = known(Some(held()));
    assert_eq!(step(&facts, &go), Step::DisarmBackup);
    let go = but(go, |p| p.session.fenced_self = true);
    assert_eq!(step(&facts, &go), Step::DisarmBackup, "found armed, though told not to be");
    facts.backup.device = known(device(Arming::Corrupted, None));
    assert_eq!(step(&facts, &go), Step::DisarmBackup, "a corrupted key is not disarmed");
    facts.backup.device = known(device(Arming::Disarmed, None));
    assert_eq!(step(&facts, &go), Step::HoldSigner);
    let go = but(go, |p| p.session.holding = true);
    assert!(matches!(step(&facts, &go), Step::ProvePassphrase { keys } if keys.len() == 2));
    let go = but(go, |p| p.session.passphrase = true);
    assert_eq!(step(&facts, &go), Step::StopPrimary);
}

#[test]
fn the_level_is_noted_once_the_stop_was_read_back() {
    let progress = but(prepared(), |p| p.kept.noted = None);
    let Step::NoteLevel { head, bound, .. } = step(&facts(), &progress) else { panic!("no level") };
    assert_eq!((head, bound), (level(HEAD), level(HEAD + 2)));
}

/// H16: once the level was noted and before anything is armed; three times where it fails, and then the run goes on. It is
/// never done after a start, and not where the primary was not seen stopped.
#[test]
fn h16_seed_nonces_are_merged_once_and_never_hold_a_run_up() {
    const KIND: StepKind = StepKind::MergeNonces;
    let merge = Step::MergeNonces { chain: policy().chain };
    let due = but(prepared(), |p| p.session.tried = [].into());
    assert_eq!(step(&facts(), &due), merge);
    assert!(matches!(step(&facts(), &but(due.clone(), |p| p.kept.noted = None)), Step::NoteLevel { .. }));
    assert!(matches!(step(&facts(), &prepared()), Step::Unlock { .. }), "done");
    let failed = |n| {
        but(prepared(), |p| {
            (p.session.tried, p.session.failures) = ([(KIND, n)].into(), [(KIND, (n, "cut off".to_owned()))].into())
        })
    };
    assert_eq!(step(&facts(), &failed(2)), merge);
    assert!(matches!(step(&facts(), &failed(3)), Step::Unlock { .. }));
    let again = but(due.clone(), |p| p.kept.earlier = vec![(marks(5), marks(6))]);
    assert!(matches!(step(&facts(), &again), Step::Unlock { .. }), "the backup has baked");
    let (_, Progress { kept, .. }) = started(HEAD - 2, HEAD);
    let cut_off = but(due.clone(), |p| p.kept.started = kept.started);
    assert!(!matches!(decide(&facts(), &policy(), &cut_off), Verdict::Do(step) if *step.get() == merge));
    let mut gone = facts();
    gone.primary.services = unknown();
    let unseen = but(due, |p| p.session.stopped_since = None);
    assert!(!matches!(decide(&gone, &policy(), &unseen), Verdict::Do(step) if *step.get() == merge));
}

#[test]
fn tezsign_is_unlocked_and_raised_inside_the_wait_and_started_after_it() {
    let (mut facts, mut progress) = raised(HEAD + 7);
    facts.backup.device = known(device(Arming::Disarmed, None));
    activity(&mut facts).settled = quiet(HEAD - 4, HEAD - 4);
    assert!(matches!(step(&facts, &progress), Step::Unlock { .. }));
    facts.backup.device = known(device(Arming::Armed, Some(marks(HEAD))));
    progress.session.floor = None;
    let Step::Raise { floor, cap, keys } = step(&facts, &progress) else { panic!("no raise") };
    assert_eq!((floor, cap), (level(HEAD + 10), Cap::above(level(HEAD), 100)));
    assert_eq!(keys[0].as_str(), "consensus");
    facts.backup.device = known(device(Arming::Armed, Some(marks(HEAD + 10))));
    progress.session.floor = Some(floor);
    let verdict = decide(&facts, &policy(), &progress);
    assert!(matches!(&verdict, Verdict::Wait(w) if w.why == WaitFor::Silence { silent: 1, needed: 2 }), "{verdict:?}");
    activity(&mut facts).settled = quiet(HEAD - 4, HEAD - 3);
    assert!(matches!(step(&facts, &progress), Step::Start { floor: f, .. } if f == floor));
}

#[test]
fn s2_the_floor_is_raised_again_where_the_head_came_near() {
    let (facts, progress) = raised(HEAD + 3);
    assert!(matches!(step(&facts, &progress), Step::Raise { floor, .. } if floor == level(HEAD + 10)));
}

#[test]
fn one_mark_of_one_key_below_the_floor_keeps_the_baker_from_starting() {
    let (mut facts, progress) = raised(HEAD + 7);
    let companion = &mut facts.backup.device.as_mut().unwrap().value.keys[0];
    companion.marks.as_mut().unwrap().preattestation = marks(HEAD + 6).block;
    assert!(matches!(step(&facts, &progress), Step::Raise { .. }));
}

#[test]
fn an_unreachable_primary_needs_two_minutes_and_ten_levels() {
    let (mut facts, progress) = raised(HEAD + 7);
    facts.primary.services = unknown();
    let verdict = decide(&facts, &policy(), &progress);
    assert!(matches!(&verdict, Verdict::Wait(w) if w.why == WaitFor::Silence { silent: 2, needed: 10 }), "{verdict:?}");
}

#[test]
fn s8_a_position_in_the_quarantine_stops_the_backup() {
    for kind in Kind::ALL {
        let (mut facts, progress) = started(HEAD - 2, HEAD);
        activity(&mut facts).recent.push(signed(kind, HEAD - 3, 0));
        let verdict = decide(&facts, &policy(), &progress);
        assert!(matches!(verdict, Verdict::Duplicate(_)), "{kind}: {verdict:?}");
    }
}

#[test]
fn s8_the_floor_itself_is_foreign_on_a_tezsign() {
    let (mut facts, progress) = started(HEAD - 2, HEAD);
    activity(&mut facts).recent.push(signed(Kind::Attestation, HEAD - 2, 0));
    assert!(matches!(decide(&facts, &policy(), &progress), Verdict::Duplicate(_)));
}

#[test]
fn s8_a_position_above_the_devices_own_mark_is_foreign() {
    let (mut facts, progress) = started(HEAD - 6, HEAD - 3);
    activity(&mut facts).recent.push(signed(Kind::Attestation, HEAD - 2, 0));
    assert!(matches!(decide(&facts, &policy(), &progress), Verdict::Duplicate(_)));
}

#[test]
fn what_the_backup_signed_before_a_second_start_stays_its_own() {
    let (mut facts, mut progress) = started(HEAD - 2, HEAD + 7);
    activity(&mut facts).recent.push(signed(Kind::Attestation, HEAD, 0));
    progress.kept.earlier = vec![(marks(HEAD - 2), marks(HEAD))];
    progress.kept.started.as_mut().unwrap().marks = marks(HEAD + 7);
    assert!(matches!(decide(&facts, &policy(), &progress), Verdict::Wait(_)));
    progress.kept.earlier.clear();
    assert!(matches!(decide(&facts, &policy(), &progress), Verdict::Duplicate(_)));
}

#[test]
fn done_needs_the_own_signature_on_chain_and_every_level_judged() {
    let (mut facts, progress) = started(HEAD - 4, HEAD);
    let own = signed(Kind::Attestation, HEAD - 3, 0);
    activity(&mut facts).settled = quiet(HEAD - 4, HEAD - 3);
    let verdict = decide(&facts, &policy(), &progress);
    assert!(matches!(&verdict, Verdict::Wait(w) if matches!(w.why, WaitFor::Baking { .. })), "{verdict:?}");
    activity(&mut facts).settled[1].signed.push(own.clone());
    let verdict = decide(&facts, &policy(), &progress);
    assert!(matches!(&verdict, Verdict::Done(done) if done.first == own), "{verdict:?}");
    activity(&mut facts).settled.remove(0);
    let verdict = decide(&facts, &policy(), &progress);
    assert!(matches!(&verdict, Verdict::Wait(w) if matches!(w.why, WaitFor::Quarantine { .. })), "{verdict:?}");
}

/// S2: a margin below four levels does not start the backup nearer to the head than that.
#[test]
fn s2_the_smallest_margin_still_leads_the_head() {
    let narrow = failover_core::decision::Policy { margin: 2, ..policy() };
    let (facts, progress) = raised(HEAD + 2);
    match decide(&facts, &narrow, &progress) {
        Verdict::Do(approved) => match approved.get() {
            Step::Raise { floor, .. } => assert_eq!(*floor, level(HEAD + 4)),
            other => panic!("{other}"),
        },
        other => panic!("{other:?}"),
    }
    let (facts, progress) = raised(HEAD + 4);
    let started =
        matches!(decide(&facts, &narrow, &progress), Verdict::Do(step) if matches!(step.get(), Step::Start { .. }));
    assert!(started, "a floor that leads is enough");
}

/// S12: what only takes this machine's ability to sign away needs no lock; everything else does. And each step has its
/// number in the written procedure.
#[test]
fn s12_steps_that_only_disarm_the_backup_and_the_numbers_of_all() {
    let (floor, cap, keys) = (level(HEAD + 10), Cap::above(level(HEAD), 100), vec![KeyName::new("consensus")]);
    let steps = [
        (Step::StopBackup, 0, true),
        (Step::GuardBackup, 0, true),
        (Step::InstallBootGuard, 0, true),
        (Step::DisarmBackup, 0, true),
        (Step::HoldSigner, 0, false),
        (Step::ProvePassphrase { keys: keys.clone() }, 0, false),
        (Step::StopPrimary, 2, false),
        (Step::GuardPrimary, 3, false),
        (Step::StashSecret, 3, false),
        (Step::DisarmPrimary, 3, false),
        (Step::NoteLevel { head: level(HEAD), bound: level(HEAD + 2), basis: None }, 4, false),
        (Step::MergeNonces { chain: policy().chain }, 4, false),
        (Step::Unlock { keys: keys.clone() }, 5, false),
        (Step::Raise { keys, floor, cap }, 5, false),
        (Step::Authorize { key: KeyName::new("consensus"), floor, cap, chain: policy().chain }, 5, false),
        (Step::Start { floor, marks: marks(HEAD + 10), path: Path::Controlled }, 6, false),
    ];
    for (step, number, only_disarms) in steps {
        assert_eq!((step.number(), step.only_disarms()), (number, only_disarms), "{step}");
    }
}

/// S8: a policy from a journal that does not speak of the quarantine has it.
#[test]
fn s8_an_old_policy_judges_the_quarantine() {
    let mut old = serde_json::to_value(policy()).unwrap();
    assert!(old.as_object_mut().unwrap().remove("quarantine").is_some());
    assert_eq!(serde_json::from_value::<failover_core::decision::Policy>(old).unwrap(), policy());
}

/// S4: what a person types is bounded as what a run computes is, and a key whose marks are hidden is unlocked for it.
#[test]
fn s4_a_typed_level_is_taken_up_to_the_cap() {
    let keys = vec![KeyName::new("consensus")];
    let raise = |arming, shown, at: u64| {
        raise_by_hand(&device(arming, shown), keys.clone(), level(at), Cap::above(level(HEAD), 100))
    };
    for (at, past) in [(HEAD + 99, false), (HEAD + 100, false), (HEAD + 101, true)] {
        for (arming, shown) in [(Arming::Armed, Some(marks(HEAD))), (Arming::Disarmed, None)] {
            match raise(arming, shown, at) {
                Err(RaiseError::PastCap { level: said, cap, .. }) if past => {
                    assert_eq!((said, cap), (level(at), level(HEAD + 100)));
                }
                Ok(step) if !past => {
                    let Step::RaiseMarks { locked, level: to, typed: true, .. } = step.get() else { panic!("{at}") };
                    assert_eq!((to.get(), locked.len()), (at, usize::from(arming == Arming::Disarmed)));
                }
                other => panic!("{at}: {other:?}"),
            }
        }
    }
    assert!(matches!(raise(Arming::Armed, Some(marks(HEAD + 50)), HEAD + 10), Err(RaiseError::Lower { .. })));
}
