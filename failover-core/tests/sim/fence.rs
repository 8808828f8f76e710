//! The rungs that can be put up from the backup: each holds where it can, and where it cannot it is missing by name.

use failover_core::baker::{BakerControl as _, BootGuards, TezbakeControl, UnlockSecret, UnlockSecrets};
use failover_core::decision::{Refusal, Rung, Step};
use failover_core::guard::GuardNote;
use failover_core::journal::record::{End, Outcome, Record, StepResult};
use failover_core::signer::{Arming, Model, SignerDevice as _};
use failover_sim::drill::{Rehearsal, journal_of};
use failover_sim::operator::Cable;
use failover_sim::scenario::{Scenario, Stage, named};
use failover_sim::{Event, HostFault, Side, WorldOptions};

use crate::support::{BOTH, Case, name};

/// A controlled run in which nobody can say anything about the primary's cable.
fn nobody_there(model: Model, prepare: fn(&mut Stage<'_>)) -> Case {
    Case { scenario: Scenario { prepare, model: None, ..named("nobody-there").unwrap().clone() }, model, seed: 3 }
}

fn happens(stage: &mut Stage<'_>, event: Event) {
    stage.person.cable = Cable::CannotSay;
    stage.world.apply(event);
}

fn there(stage: &mut Stage<'_>, fault: HostFault) {
    happens(stage, Event::Host(Side::Primary, fault));
}

/// The end, and the rungs as they stood last.
fn run(case: &Case) -> (End, Vec<Rung>, Vec<Record>, Rehearsal) {
    let (scratch, mut rehearsal) = case.rehearsal();
    let end = rehearsal.session(None).unwrap().clone();
    let records = journal_of(scratch.path()).unwrap();
    let rungs = records.iter().rev().find_map(|record| match record {
        Record::Fence { rungs, .. } => Some(rungs.clone()),
        _ => None,
    });
    (end, rungs.unwrap_or_default(), records, rehearsal)
}

fn rung<'a>(rungs: &'a [Rung], name: &str) -> &'a Rung {
    rungs.iter().find(|rung| rung.kind.to_string() == name).expect("the rung is shown")
}

#[test]
fn a_stopped_tezsign_primary_is_disarmed_with_nobody_there() {
    let case = nobody_there(Model::TezSign, |s| s.person.cable = Cable::CannotSay);
    let (end, rungs, records, rehearsal) = run(&case);
    assert_eq!(end.exit, 0, "{end:?}");
    assert!(rungs.iter().all(|rung| rung.proven), "{rungs:?}");
    assert!(rung(&rungs, "disarmed").why.contains("consensus"), "{rungs:?}");
    // In this order: the marks are read before the lock, because a locked key shows none.
    let order: Vec<String> = records.iter().map(name).filter(|name| name.starts_with("after ")).collect();
    let at = |step: &str| order.iter().position(|name| name == &format!("after {step}")).unwrap();
    assert!(at("stop-primary") < at("note-level") && at("note-level") < at("disarm-primary"), "{order:?}");
    assert!(at("guard-primary") < at("disarm-primary") && at("stash-secret") < at("start"), "{order:?}");
    assert!(!records.iter().any(|record| name(record) == "asked Disconnected"), "nobody needs to say anything");
    // It is a fence: power comes and goes, and nothing there signs.
    let world = rehearsal.world();
    world.apply(Event::PowerOff(Side::Primary));
    world.apply(Event::PowerOn(Side::Primary));
    world.advance_to(world.now().after(std::time::Duration::from_secs(120)));
    assert!(!world.bakes(Side::Primary));
    let keys = world.signer(Side::Primary).state().unwrap().keys;
    assert!(keys.iter().all(|key| key.arming == Arming::Disarmed), "{keys:?}");
    let secret = TezbakeControl::new(world.host(Side::Primary)).unlock_secret().unwrap();
    assert!(matches!(&secret, UnlockSecret::Aside { files } if files.len() == 2), "kept: {secret:?}");
}

/// S3: what is missing is missing, whatever else holds; the refusal names it.
#[test]
fn each_rung_that_fails_is_named_and_nothing_is_started() {
    type Prepare = fn(&mut Stage<'_>);
    let spoils: [(Prepare, &str, &str); 6] = [
        (|s| there(s, HostFault::ReadOnlyEtc), "boot-guard", "Read-only file system"),
        (
            |s| there(s, HostFault::File(OTHER_HAND.to_owned(), Some("[Unit]\n".to_owned()))),
            "boot-guard",
            "not this guard's",
        ),
        (|s| there(s, HostFault::NothingMoves), "disarmed", "unlocks them again"),
        (|s| there(s, HostFault::NoPrograms), "disarmed", "no program"),
        (|s| happens(s, Event::Unplug(Side::Primary)), "disarmed", "no answer"),
        (
            |s| {
                s.person.cable = Cable::CannotSay;
                s.world.wrong_card(Side::Primary)
            },
            "disarmed",
            "does not hold",
        ),
    ];
    for (n, (prepare, missing, why)) in spoils.into_iter().enumerate() {
        let case = nobody_there(Model::TezSign, prepare);
        let (end, rungs, records, rehearsal) = run(&case);
        let Some(Refusal::NotFenced { rungs: named }) = &end.refusal else { panic!("{n} {missing}: {end:?}") };
        assert_eq!(end.exit, 3, "{n}: {end:?}");
        let shown = |rungs: &[Rung]| rungs.iter().map(|rung| (rung.kind, rung.proven)).collect::<Vec<_>>();
        assert_eq!(shown(&rungs), shown(named), "{n}");
        let found = rung(named, missing);
        assert!(!found.proven && found.why.contains(why), "{n} {missing}: {named:?}");
        assert!(!rung(named, "disarmed").proven && end.message.contains(missing), "{n}: {}", end.message);
        assert!(!records.iter().any(|record| name(record) == "before start"), "{n}");
        assert!(!rehearsal.world().bakes(Side::Backup));
    }
}

/// A unit's drop-in of this name that failover did not write.
const OTHER_HAND: &str = "/etc/systemd/system/bb-default-signer-tezsign.service.d/zz-failover-guard.conf";

/// Whether a Ledger stays deauthorized over a reboot is a setting that cannot be seen: the person is asked.
#[test]
fn a_ledger_is_deauthorized_and_that_alone_is_not_enough() {
    for installed in [false, true] {
        let mut case = nobody_there(Model::Ledger, |s| s.person.cable = Cable::CannotSay);
        if installed {
            case.scenario.world = |options: &mut WorldOptions| options.primary_failover = true;
        }
        let (end, rungs, records, rehearsal) = run(&case);
        assert_eq!(end.exit, 3, "{end:?}");
        let disarmed = records.iter().any(|record| {
            matches!(record, Record::After { step: Step::DisarmPrimary, result: StepResult::Done { .. }, .. })
        });
        assert_eq!(disarmed, installed);
        let why = if installed { "whether a reboot undoes that" } else { "no program" };
        let Some(Refusal::NotFenced { rungs: named }) = &end.refusal else { panic!("{end:?}") };
        assert!(rung(named, "disarmed").why.contains(why), "{rungs:?}");
        let keys = rehearsal.world().signer(Side::Primary).state().unwrap().keys;
        assert_eq!(keys.iter().all(|key| key.arming == Arming::Disarmed), installed);
    }
}

/// S7: the guard's record on the primary is the lock between machines.
#[test]
fn a_primary_that_another_machine_fenced_is_left_to_it() {
    for model in BOTH {
        let case = nobody_there(model, |s| {
            let token = s.world.guard(Side::Primary).unwrap();
            let mut primary = TezbakeControl::new(s.world.host(Side::Primary)).with_guard_token(token);
            primary.stop().unwrap();
            let plan = Some("K7MPQ2".parse().unwrap());
            let note = GuardNote::new(s.world.now(), "ops@third", "0123456789abcdef0123456789abcdef", plan);
            primary.install_boot_guard(&note).unwrap();
        });
        let (end, _, records, rehearsal) = run(&case);
        assert!(matches!(end.refusal, Some(Refusal::FencedElsewhere { .. })), "{end:?}");
        assert!(end.exit == 7 && end.message.contains("ops@third") && end.outcome == Outcome::Locked, "{end:?}");
        assert!(!records.iter().any(|record| name(record).starts_with("before ")), "nothing was done");
        assert!(!rehearsal.world().bakes(Side::Backup));
    }
}
