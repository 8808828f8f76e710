//! Each threshold, on both of its sides.

use std::time::Duration;

use failover_core::clock::Timestamp;
use failover_core::decision::{
    Policy, Progress, Refusal, Statement, Step, StepKind, Verdict, WaitFor, Waiting, floor, is_open,
};
use failover_core::facts::{Asked, ExpectedKey, Facts, HeadPin, KeyRole, Model, Power, Question, SecondOpinion};

use crate::world::*;

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

fn aged(seconds: u64) -> Facts {
    let mut facts = facts();
    facts.chain.head.as_mut().unwrap().value.timestamp = seconds_ago(seconds);
    facts
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
    let came = but(prepared(), |p| {
        p.session.head = Some((level(HEAD), seconds_ago(10)));
        p.session.came = Some(seconds_ago(10));
        p.session.first_head = Some(level(HEAD - 1));
    });
    assert!(matches!(waits(verdict(&aged(40), &came)).why, WaitFor::Chain { .. }));
}

#[test]
fn h1_more_than_half_of_the_peers_and_two_at_least() {
    for (asked, agreeing, enough) in
        [(5, 3, true), (5, 2, false), (3, 2, true), (4, 2, false), (2, 2, true), (1, 1, false)]
    {
        let mut facts = facts();
        facts.chain.others.clear();
        facts.chain.second = known(SecondOpinion { asked, agreeing, highest: level(HEAD) });
        let pin = HeadPin {
            chain: policy().chain,
            level: level(HEAD),
            at: now(),
            block_seconds: 6,
            protocol: head(HEAD).protocol,
        };
        let policy = Policy { head_pin: Some(pin), ..policy() };
        assert_eq!(is_open(&facts, &policy, &Progress::default()), enough, "{agreeing} of {asked}");
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
fn s2_the_margin_is_ten_and_never_less_than_two() {
    assert_eq!(policy().margin, 10);
    let bound = level(HEAD + 10);
    let margin = |margin| floor(&facts(), &Policy { margin, ..policy() }, &Progress::default(), bound, None);
    for (told, used) in [(0, 2), (1, 2), (2, 2), (3, 3), (10, 10)] {
        assert_eq!(margin(told), Ok(level(HEAD + 10 + used)), "{told}");
    }
}

#[test]
fn h18_a_signer_that_cannot_be_held_is_not_ready_after_three_tries_and_other_steps_fail() {
    let failed = |step, n: u32| {
        but(prepared(), |p| {
            p.session.holding = false;
            p.session.failures = [(step, (n, "busy".to_owned()))].into();
            p.session.tried = [(step, n), (StepKind::MergeNonces, 1)].into();
        })
    };
    assert_eq!(name(&verdict(&facts(), &failed(StepKind::HoldSigner, 2))), "hold-signer");
    let refusal = refused(verdict(&facts(), &failed(StepKind::HoldSigner, 3)));
    assert!(refusal.exit() == 4 && refusal.to_string().contains("busy"), "{refusal}");
    let unlock = |n| but(failed(StepKind::Unlock, n), |p| p.session.holding = true);
    assert_eq!(name(&verdict(&facts(), &unlock(2))), "unlock");
    let verdict = verdict(&facts(), &unlock(3));
    assert!(matches!(&verdict, Verdict::Failed { step: StepKind::Unlock, why } if why == "busy"), "{verdict:?}");
}

#[test]
fn s10_a_step_without_effect_is_not_done_for_ever() {
    let tried = |n| but(prepared(), |p| p.session.tried = [(StepKind::Unlock, n), (StepKind::MergeNonces, 1)].into());
    assert_eq!(name(&verdict(&facts(), &tried(7))), "unlock");
    let verdict = verdict(&facts(), &tried(8));
    assert!(
        matches!(&verdict, Verdict::Failed { step: StepKind::Unlock, why } if why.contains("8 times")),
        "{verdict:?}"
    );
}

/// The level is noted of a head that was read after the stop was read back, not of the same gathering.
#[test]
fn s2_the_level_is_not_noted_of_a_head_that_is_as_old_as_the_stop() {
    let stopped = |at| but(prepared(), |p| (p.kept.noted, p.session.stopped_since) = (None, Some(at)));
    assert_eq!(waits(verdict(&facts(), &stopped(now()))).why, WaitFor::Stopped);
    assert_eq!(name(&verdict(&facts(), &stopped(Timestamp::from_millis(now().millis() - 1)))), "note-level");
}

#[test]
fn h22_what_the_backup_does_not_show_in_the_middle_of_a_run_is_waited_for_two_minutes() {
    let mut facts = facts();
    facts.backup.device = unknown();
    let unknown_for = |seconds| but(prepared(), |p| p.session.unknown_since = Some(seconds_ago(seconds)));
    let wait = waits(verdict(&facts, &unknown_for(119)));
    assert!(matches!(wait.why, WaitFor::Known { .. }) && wait.left == Some(Duration::from_secs(1)), "{wait:?}");
    assert!(matches!(verdict(&facts, &unknown_for(120)), Verdict::Failed { step: StepKind::Look, .. }));
    // Nothing was done yet: it is not ready.
    for progress in
        [but(unknown_for(119), |p| p.session.tried = [].into()), but(unknown_for(119), |p| p.kept.proceed = false)]
    {
        assert_eq!(refused(verdict(&facts, &progress)).exit(), 4);
    }
}

/// S1a: a boot guard that is unknown for two minutes: not ready before the primary was touched, a failure after it.
#[test]
fn s1a_a_boot_guard_that_cannot_be_read_any_more() {
    let mut facts = facts();
    facts.backup.boot_guard = unknown();
    let unknown_for_long = but(prepared(), |p| p.session.unknown_since = Some(seconds_ago(120)));
    assert!(matches!(verdict(&facts, &unknown_for_long), Verdict::Failed { step: StepKind::Look, .. }));
    let untouched = but(unknown_for_long, |p| p.kept.noted = None);
    assert_eq!(refused(verdict(&facts, &untouched)).exit(), 4);
}

#[test]
fn h17_a_person_looks_at_the_ledgers_setting_before_the_primary_is_touched() {
    let mut facts = facts();
    facts.backup.device.as_mut().unwrap().value.info.model = Model::Ledger;
    let told = |ledger_setting| {
        verdict(&facts, &but(prepared(), |p| (p.session.ledger_setting, p.kept.noted) = (ledger_setting, None)))
    };
    assert_eq!(told(None), Verdict::Ask(Question::LedgerSetting));
    assert_eq!(refused(told(Some(false))).exit(), 8);
    assert_eq!(name(&told(Some(true))), "note-level");
}

#[test]
fn s6_a_statement_holds_for_less_than_fifteen_minutes() {
    let stated =
        |seconds| but(prepared(), |p| p.kept.statements = [(Statement::Disconnected, seconds_ago(seconds))].into());
    assert_eq!(stated(899).stated(Statement::Disconnected, now()), Some(seconds_ago(899)));
    assert_eq!(stated(900).stated(Statement::Disconnected, now()), None);
    assert!(matches!(verdict(&facts(), &stated(900)), Verdict::Ask(Question::Disconnected { .. })));
}

#[test]
fn h21_the_head_is_as_old_as_its_first_sight_and_power_that_is_off_as_its_first_word() {
    let mut progress = Progress::default();
    let mut see = |at: u64, before: u64, power| {
        let mut facts = facts();
        (facts.now, facts.asked) = (seconds_ago(before), Asked::at(seconds_ago(before)));
        facts.chain.head = known(head(at));
        facts.primary.power =
            known(power).map(|seen| failover_core::facts::Observed { at: seconds_ago(before), ..seen });
        progress.observe(&facts, None);
        (progress.session.head.unwrap(), progress.session.power_off_since)
    };
    assert_eq!(see(HEAD, 60, Power::Off), ((level(HEAD), seconds_ago(60)), Some(seconds_ago(60))));
    assert_eq!(see(HEAD, 50, Power::Off), ((level(HEAD), seconds_ago(60)), Some(seconds_ago(60))));
    assert_eq!(
        see(HEAD - 1, 40, Power::On),
        ((level(HEAD), seconds_ago(60)), None),
        "a head that was taken back is no news"
    );
    assert_eq!(see(HEAD + 1, 30, Power::Off), ((level(HEAD + 1), seconds_ago(30)), Some(seconds_ago(30))));
}

/// S2: marks that lead the head are not raised again; those that do not are, once the fence lets the backup start.
#[test]
fn s2_marks_are_raised_again_only_where_the_start_would_be_too_near_to_the_head() {
    let (facts, progress) = raised(HEAD + 4);
    assert_eq!(name(&verdict(&facts, &progress)), "start");
    let (mut facts, progress) = raised(HEAD + 3);
    assert_eq!(name(&verdict(&facts, &progress)), "raise");
    activity(&mut facts).settled = quiet(HEAD - 10, HEAD - 4);
    assert!(matches!(waits(verdict(&facts, &progress)).why, WaitFor::Silence { .. }), "the head moves on meanwhile");
}

/// H10: a press that came after the run had given it up counts where its mark is far enough above everything; else the next
/// prompt leaves a person five minutes, and more with each try.
#[test]
fn h10_a_late_press_is_taken_or_asked_again_with_time_for_a_person() {
    let pressed = |at: u64, tries: u32, given_up: u32| {
        let (mut facts, mut progress) = raised(at);
        let device = &mut facts.backup.device.as_mut().unwrap().value;
        device.info.model = Model::Ledger;
        device.keys.retain(|key| key.key == consensus());
        facts.chain.delegate.as_mut().unwrap().value.keys.retain(|key| key.role == KeyRole::Consensus);
        (progress.session.floor, progress.session.own_marks, progress.session.ledger_setting) =
            (None, None, Some(true));
        if tries > 0 {
            progress.session.tried.insert(StepKind::Authorize, tries);
            progress.session.failures.insert(StepKind::Authorize, (tries, "given up".to_owned()));
        }
        progress.session.given_up = given_up;
        match verdict(&facts, &progress) {
            Verdict::Do(step) => match step.get().clone() {
                Step::Start { floor, .. } => ("start", floor.get() - HEAD),
                Step::Authorize { floor, .. } => ("authorize", floor.get() - HEAD),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    };
    // B is five below the head here, and the margin is 10: both have to be reached, and the start's lead.
    // It is read, and so on the disk, before the start.
    assert_eq!(pressed(HEAD + 5, 1, 1), ("authorize", 5));
    // What is armed without a prompt that was given up is no late press.
    assert_eq!(pressed(HEAD + 5, 0, 0), ("authorize", 10));
    assert_eq!(pressed(HEAD + 4, 1, 1), ("authorize", 60));
    assert_eq!(pressed(HEAD + 4, 2, 2), ("authorize", 80));
    // A connection that broke took nobody any time.
    assert_eq!(pressed(HEAD + 4, 2, 0), ("authorize", 10));
    assert_eq!(pressed(HEAD + 4, 2, 1), ("authorize", 60));
}
