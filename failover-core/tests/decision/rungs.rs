//! The fence's rungs one by one, and which of them are enough.

use std::time::Duration;

use failover_core::clock::Timestamp;
use failover_core::decision::policy::unproven_sentence;
use failover_core::decision::{
    Fence, Path, Policy, Progress, Refusal, Rung, Statement, StepKind, Verdict, WaitFor, decide, fence,
};
use failover_core::facts::{
    Arming, BootGuard, ExpectedKey, Facts, KeyRole, Model, PrimaryFacts, Unknown, UnlockSecret,
};
use failover_core::operator::Question;
use failover_core::tezos::{Curve, KeyHash, Kind};

use crate::world::*;

fn ago(millis: i64) -> Timestamp {
    Timestamp::from_millis(now().millis() - millis)
}

fn looked(facts: &Facts, progress: &Progress) -> Fence {
    fence(facts, &policy(), progress)
}

fn names(fence: &Fence) -> Vec<String> {
    fence.rungs.iter().map(|rung| rung.kind.to_string()).collect()
}

fn rung<'a>(fence: &'a Fence, name: &str) -> &'a Rung {
    fence.rungs.iter().find(|rung| rung.kind.to_string() == name).unwrap()
}

/// Stopped, nobody spoke, its keys locked, its boot guard holding, nothing there that unlocks them.
fn disarmed() -> (Facts, Progress) {
    let mut facts = facts();
    facts.primary.signer = known(device(Arming::Disarmed, None));
    facts.primary.boot_guard = known(held());
    facts.primary.secret = known(UnlockSecret::None);
    (facts, but(prepared(), |p| p.kept.statements = [].into()))
}

#[test]
fn keys_that_read_back_disarmed_for_good_stand_for_the_cable() {
    let (facts, progress) = disarmed();
    let found = looked(&facts, &progress);
    assert!(found.approved && found.said && found.but_time, "{found:?}");
    assert_eq!(names(&found), ["stopped", "boot-guard", "disarmed", "silent(2)"], "nobody's word is missing");
}

/// Each condition of the rung, spoiled: the rung is not proven, and nobody's word takes its place.
#[test]
fn keys_that_may_be_unlocked_again_prove_nothing() {
    let missing =
        ExpectedKey { key: KeyHash::new(Curve::Bls, [9; 20]), role: KeyRole::Consensus, from_cycle: Some(1002) };
    type Spoil = Box<dyn Fn(&mut Facts)>;
    let spoil: [(&str, Spoil); 8] = [
        ("can sign", Box::new(|f| f.primary.signer = known(device(Arming::Armed, None)))),
        ("can sign", Box::new(|f| f.primary.signer = known(device(Arming::Corrupted, None)))),
        ("not seen", Box::new(|f| f.primary.signer = unknown())),
        ("boot guard", Box::new(|f| f.primary.boot_guard = known(BootGuard::Open { why: vec!["a unit".to_owned()] }))),
        (
            "unlocks them again",
            Box::new(|f| f.primary.secret = known(UnlockSecret::InPlace { files: vec!["s".to_owned()] })),
        ),
        ("not seen", Box::new(|f| f.primary.secret = unknown())),
        ("reboot", Box::new(|f| f.primary.signer.as_mut().unwrap().value.info.model = Model::Ledger)),
        ("does not hold", Box::new(move |f| f.chain.delegate.as_mut().unwrap().value.keys.push(missing.clone()))),
    ];
    for (why, spoil) in spoil {
        let (mut facts, progress) = disarmed();
        spoil(&mut facts);
        let found = looked(&facts, &progress);
        assert!(!found.approved && !found.said && !found.but_time, "{why}: {found:?}");
        let rung = rung(&found, "disarmed");
        assert!(!rung.proven && rung.why.contains(why), "{rung:?}");
        assert!(names(&found).contains(&"disconnected".to_owned()), "somebody's word is missing: {found:?}");
    }
}

#[test]
fn a_rung_says_what_went_wrong_where_a_step_failed_and_else_what_is_missing() {
    let (mut facts, mut progress) = disarmed();
    let open = |why: &[&str]| known(BootGuard::Open { why: why.iter().map(|w| (*w).to_owned()).collect() });
    for (why, said) in
        [(&["a: no"][..], "a: no"), (&["a: no", "b: no", "c: no"], "a: no, and 2 more"), (&[], "it does not hold")]
    {
        facts.primary.boot_guard = open(why);
        assert_eq!(rung(&looked(&facts, &progress), "boot-guard").why, said);
    }
    progress.session.failures.insert(StepKind::GuardPrimary, (1, "read-only file system".to_owned()));
    assert_eq!(rung(&looked(&facts, &progress), "boot-guard").why, "read-only file system");
    facts.primary.signer = known(device(Arming::Armed, None));
    progress.session.failures.insert(StepKind::DisarmPrimary, (1, "unplugged".to_owned()));
    assert_eq!(rung(&looked(&facts, &progress), "disarmed").why, "unplugged");
}

#[test]
fn a_machine_that_is_not_controlled_has_no_rungs_of_its_own() {
    let (mut facts, progress) = disarmed();
    facts.primary.services = unknown();
    let found = looked(&facts, &progress);
    assert_eq!(
        (found.path, names(&found)),
        (Path::Uncontrolled, ["waited", "disconnected", "silent(10)"].map(str::to_owned).to_vec())
    );
    assert!(!found.said && !found.but_time && !found.approved);
    let found = looked(&facts, &prepared());
    assert!(found.said && found.but_time && !found.approved, "{found:?}");
}

/// TezSign is unlocked inside the wait only where the primary was seen stopped and somebody spoke.
#[test]
fn all_but_time_needs_a_stop_that_was_read_back_and_a_word() {
    let found = |progress: &Progress| looked(&facts(), progress).but_time;
    assert!(found(&prepared()));
    assert!(!found(&but(prepared(), |p| p.session.stopped_since = None)));
    assert!(!found(&but(prepared(), |p| p.kept.statements = [].into())));
}

#[test]
fn stopped_is_read_twice_further_apart_than_the_services_restart() {
    for (millis, proven) in [(20_000, false), (21_000, false), (21_001, true), (42_000, true)] {
        let progress = but(prepared(), |p| p.session.stopped_since = Some(ago(millis)));
        assert_eq!(rung(&looked(&facts(), &progress), "stopped").proven, proven, "{millis}");
    }
    let once = but(prepared(), |p| p.session.stopped_since = Some(ago(10_000)));
    assert!(rung(&looked(&facts(), &once), "stopped").why.contains("again in 11s"));
    // Half a second is told as one, not as none.
    let nearly = but(prepared(), |p| p.session.stopped_since = Some(ago(20_500)));
    assert!(rung(&looked(&facts(), &nearly), "stopped").why.contains("again in 1s"));
    let later = but(prepared(), |p| p.session.stopped_since = Some(ago(42_000)));
    assert!(rung(&looked(&facts(), &later), "stopped").why.contains("42s apart"));
    let mut unsure = facts();
    unsure.primary.restart_delay = unknown();
    assert!(!rung(&looked(&unsure, &prepared()), "stopped").proven, "S3");
}

#[test]
fn a_primary_that_cannot_be_stopped_is_uncontrolled_after_three_tries() {
    let failed =
        |n| but(prepared(), |p| p.session.failures = [(StepKind::StopPrimary, (n, "no sudo".to_owned()))].into());
    assert_eq!(looked(&facts(), &failed(2)).path, Path::Controlled);
    let found = looked(&facts(), &failed(3));
    assert!(found.path == Path::Uncontrolled && found.why.contains("no sudo"), "{found:?}");
    // What starts again by itself was stopped three times, and runs.
    let mut back = facts();
    back.primary.services = known(running());
    let tried = |n| {
        but(prepared(), |p| (p.session.tried, p.session.stopped_since) = ([(StepKind::StopPrimary, n)].into(), None))
    };
    assert_eq!(looked(&back, &tried(3)).path, Path::Controlled);
    assert_eq!(looked(&back, &tried(4)).path, Path::Uncontrolled);
    assert_eq!(looked(&back, &tried(9)).path, Path::Uncontrolled);
    assert_eq!(looked(&facts(), &tried(4)).path, Path::Controlled, "it is stopped");
}

#[test]
fn what_the_backup_signed_in_an_earlier_start_is_no_noise_of_the_primary() {
    let (mut facts, mut progress) = (facts(), prepared());
    for (kind, at) in [(Kind::Attestation, HEAD - 4), (Kind::Attestation, HEAD - 3)] {
        activity(&mut facts).recent.push(signed(kind, at, 0));
    }
    assert_eq!(looked(&facts, &progress).silence.silent, 0);
    progress.kept.earlier = vec![(marks(HEAD - 6), marks(HEAD))];
    assert_eq!(looked(&facts, &progress).silence.silent, 2);
}

#[test]
fn silence_of_a_baker_without_rights_proves_nothing_after_two_hundred_levels() {
    let mut facts = facts();
    let mut long = prepared();
    long.kept.noted.as_mut().unwrap().head = level(HEAD - 203);
    long.kept.noted.as_mut().unwrap().bound = level(HEAD - 203);
    activity(&mut facts).settled = quiet(HEAD - 202, HEAD - 3);
    activity(&mut facts).settled.iter_mut().for_each(|l| l.rights = false);
    let verdict = decide(&facts, &policy(), &but(long.clone(), |p| p.session.armed = true));
    assert!(!matches!(verdict, Verdict::Refuse(_)), "first what is to be done meanwhile: {verdict:?}");
    facts.primary.services = unknown();
    let verdict = decide(&facts, &policy(), &long);
    assert!(
        matches!(&verdict, Verdict::Refuse(Refusal::SilenceProvesNothing { levels: 200, with_rights: 0 })),
        "{verdict:?}"
    );
    // One level fewer is still waited for; and ten with rights are enough, whatever the others were.
    let one = activity(&mut facts).settled.remove(0);
    assert!(matches!(decide(&facts, &policy(), &long), Verdict::Wait(_)));
    activity(&mut facts).settled.insert(0, one);
    activity(&mut facts).settled.iter_mut().take(10).for_each(|l| l.rights = true);
    let verdict = decide(&facts, &policy(), &long);
    assert!(matches!(&verdict, Verdict::Wait(w) if w.why == WaitFor::Statement), "{verdict:?}");
}

#[test]
fn the_wait_for_silence_says_how_long_it_takes() {
    let (mut facts, progress) = raised(HEAD + 7);
    for (settled, left) in [(HEAD - 5, 30), (HEAD - 4, 24)] {
        activity(&mut facts).settled = quiet(HEAD - 10, settled);
        let verdict = decide(&facts, &policy(), &progress);
        assert!(
            matches!(&verdict, Verdict::Wait(w) if w.left == Some(Duration::from_secs(left))),
            "{left}: {verdict:?}"
        );
    }
}

/// `--emergency`: the primary is not controlled, whatever of it answers. And what was not seen stopped is not taken hold of.
#[test]
fn a_primary_that_is_not_controlled_or_not_stopped_is_not_taken_hold_of() {
    let (mut facts, progress) = disarmed();
    facts.primary.boot_guard = known(BootGuard::Open { why: vec!["a unit".to_owned()] });
    let step = |policy: &Policy, progress: &Progress| match decide(&facts, policy, progress) {
        Verdict::Do(step) => step.get().name().to_owned(),
        other => format!("{other:?}"),
    };
    assert_eq!(step(&policy(), &progress), "guard-primary");
    let emergency = Policy { emergency: true, ..policy() };
    assert!(step(&emergency, &progress).contains("Disconnected"));
    assert!(step(&policy(), &but(progress.clone(), |p| p.session.stopped_since = None)).contains("Disconnected"));
}

#[test]
fn what_is_taken_from_the_primary_is_tried_three_times_and_then_missing() {
    let (mut facts, progress) = disarmed();
    facts.primary.boot_guard = known(BootGuard::Open { why: vec!["a unit".to_owned()] });
    facts.primary.signer = known(device(Arming::Armed, None));
    let step = |tried, failed: Option<u32>| {
        let mut progress = progress.clone();
        progress.session.tried.insert(StepKind::GuardPrimary, tried);
        failed.map(|n| progress.session.failures.insert(StepKind::GuardPrimary, (n, "no".to_owned())));
        match decide(&facts, &policy(), &progress) {
            Verdict::Do(step) => step.get().name(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((step(2, None), step(2, Some(2))), ("guard-primary", "guard-primary"));
    assert_eq!(step(3, None), "disarm-primary", "it had no effect");
    assert_eq!(step(3, Some(1)), "disarm-primary");
    assert_eq!(step(3, Some(3)), "disarm-primary");
    facts.primary.boot_guard = known(held());
    facts.primary.signer = known(device(Arming::Disarmed, None));
    let verdict = decide(&facts, &policy(), &progress);
    assert!(!matches!(&verdict, Verdict::Do(step) if step.get().name() == "disarm-primary"), "{verdict:?}");
}

#[test]
fn what_is_typed_where_nothing_is_proven_names_the_loss() {
    assert_eq!(
        unproven_sentence("mybaker"),
        "I cannot prove that mybaker's old machine is off. If it still signs, I lose 5 % of my stake for each block \
         signed twice, and mybaker is excluded for 2 days."
    );
}

/// What a refusal names: the rungs that are missing, the key with its cycle, three positions and how many more.
#[test]
fn a_refusal_names_what_it_is_about() {
    let denied = vec![Statement::Disconnected, Statement::PoweredOff];
    let progress = but(prepared(), |p| (p.kept.statements, p.session.denied) = ([].into(), denied));
    let Verdict::Refuse(refusal) = decide(&facts(), &policy(), &progress) else { panic!("not refused") };
    let said = refusal.to_string();
    assert!(said.contains("disconnected: nobody says") && !said.contains("stopped: "), "{said}");

    let missing = |found: &[&str], from_cycle| Refusal::MissingKey {
        key: consensus(),
        role: KeyRole::Consensus,
        from_cycle,
        alias: None,
        found: found.iter().map(|f| (*f).to_owned()).collect(),
    };
    assert!(
        missing(&["a", "b"], Some(1002))
            .to_string()
            .ends_with("expects from cycle 1002 is not on the device, which has a, b")
    );
    assert!(missing(&[], None).to_string().ends_with("expects is not on the device, which has none"));

    let positions = |n: u64| Refusal::NotSilent { signed: (0..n).map(|i| signed(Kind::Block, HEAD + i, 0)).collect() };
    let three = positions(3).to_string();
    assert!(three.contains(&level(HEAD + 2).grouped()) && !three.contains("more"), "{three}");
    let four = positions(4).to_string();
    assert!(four.ends_with("and 1 more") && !four.contains(&level(HEAD + 3).grouped()), "{four}");
}

/// H33: two machines made from one image are told apart by their permits; the plan says what to do about it.
#[test]
fn h33_a_copy_of_this_machine_is_told_so() {
    let mut facts = facts();
    assert!(!fence(&facts, &policy(), &Progress::default()).why.contains("systemd-machine-id-setup"));
    facts.primary.identity.as_mut().unwrap().value = facts.backup.identity.as_ref().unwrap().value.clone();
    let why = fence(&facts, &policy(), &Progress::default()).why;
    assert!(why.contains("systemd-machine-id-setup"), "{why}");
}

/// A firewall that counts connections makes nobody dead: the run neither goes the way of an emergency nor asks a person.
#[test]
fn a_limit_on_connections_is_waited_for() {
    let mut facts = facts();
    let gone = Unknown { why: "refused".to_owned(), next: "wait".to_owned() };
    facts.primary = PrimaryFacts { limited: Some("refused".to_owned()), ..PrimaryFacts::unknown(&gone) };
    let waits = |progress: &Progress, policy: &Policy| matches!(decide(&facts, policy, progress), Verdict::Wait(w) if matches!(w.why, WaitFor::Known { .. }));
    assert!(waits(&Progress::default(), &policy()));
    assert!(waits(&but(Progress::default(), |p| p.kept.proceed = true), &policy()));
    // A person who says that it cannot be reached is believed.
    assert!(!waits(&Progress::default(), &Policy { emergency: true, ..policy() }));
}

/// A baker's machine without power is no fence where its signer runs on another one: nobody is asked for it.
#[test]
fn a_signer_on_a_machine_of_its_own_asks_for_the_cable_alone() {
    let progress =
        but(prepared(), |p| (p.kept.statements, p.session.denied) = ([].into(), vec![Statement::Disconnected]));
    let verdict = |signer_apart| decide(&facts(), &Policy { signer_apart, ..policy() }, &progress);
    assert!(matches!(verdict(false), Verdict::Ask(Question::PoweredOff { .. })), "{:?}", verdict(false));
    let Verdict::Refuse(refusal @ Refusal::NotFenced { .. }) = verdict(true) else { panic!("{:?}", verdict(true)) };
    // Nor is anybody sent to switch one off: nothing would record it (S18).
    let apart = fence(&facts(), &Policy { signer_apart: true, ..policy() }, &progress);
    let unsaid = apart.rungs.iter().find(|rung| rung.kind == failover_core::decision::RungKind::Disconnected).unwrap();
    for text in [refusal.next_with_signer_apart(), unsaid.why.clone()] {
        assert!(text.contains("unplug") && !text.contains("off"), "{text}");
    }
    assert!(refusal.next().contains("switch the machine off"));
}
