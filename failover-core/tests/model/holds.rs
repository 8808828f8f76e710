//! The property, the invariants and liveness hold in every world that a search reaches.

use failover_core::facts::{Mark, Model};
use failover_core::tezos::Position;

use crate::explorer::{Found, explore};
use crate::setting::{ALL, Fault, Setting};
use crate::world::{Machine, PROPERTIES, level};

pub(crate) const MODELS: [Model; 2] = [Model::TezSign, Model::Ledger];

/// Searches, prints what was counted, and stops at what does not hold.
pub(crate) fn hold(setting: &Setting) -> Found {
    let found = explore(setting);
    let Found { states, depth, ends, cut, doubled, wrong } = &found;
    println!(
        "searched {} {:?}, primary {}: {} properties, {states} states, depth {depth}, cut off {cut}, doubled in the residue {doubled}, ends {ends:?}",
        setting.name,
        setting.model,
        if setting.reachable { "answers" } else { "does not answer" },
        PROPERTIES.len()
    );
    if let Some((wrong, way)) = wrong {
        panic!("{}: {wrong}\n  {}", setting.name, way.join("\n  "));
    }
    found
}

/// The same search for both kinds of signer, with a primary that answers and one that does not.
fn everywhere(search: impl Fn(Setting) -> Setting, name: &'static str) -> Vec<Found> {
    let cases = MODELS.into_iter().flat_map(|model| [(model, true), (model, false)]);
    cases.map(|(model, reachable)| hold(&search(Setting { reachable, ..Setting::calm(name, model) }))).collect()
}

/// `FAILOVER_PROVE=all`: more of everything, for minutes to hours.
pub(crate) fn all() -> bool {
    std::env::var("FAILOVER_PROVE").is_ok_and(|value| value == "all")
}

#[test]
fn without_faults_a_run_ends_done_or_refused_for_want_of_a_word() {
    let found = everywhere(|setting| setting, "calm");
    for found in found {
        assert!(found.ends.keys().all(|end| ["done", "refused"].contains(&end.as_str())), "{found:?}");
        assert!(found.ends.contains_key("done"), "{found:?}");
    }
}

#[test]
fn a_crash_before_and_after_each_record() {
    everywhere(
        |mut setting| {
            setting.budget.crashes = if all() { 2 } else { 1 };
            setting.budget.delays = 1;
            setting
        },
        "crash",
    );
}

#[test]
fn a_fault_of_every_kind_at_every_moment() {
    everywhere(
        |setting| {
            // What brings cable or power back has a search of its own.
            let back = |fault: &Fault| [Fault::Replug, Fault::PowerBack].contains(fault);
            let faults: Vec<Fault> = ALL.into_iter().filter(|fault| all() || !back(fault)).collect();
            setting.with(&faults, if all() { 2 } else { 1 })
        },
        "fault",
    );
}

#[test]
fn no_program_there_can_lock_the_primarys_signer() {
    let faults = [Fault::Reboot, Fault::Restart, Fault::Cut];
    everywhere(|setting| Setting { remote_signer: false, ..setting }.with(&faults, 1), "no remote signer");
}

#[test]
fn a_backup_that_bakes_already_and_marks_that_are_ahead() {
    let ahead = |setting: Setting| {
        let mut backup = Machine { running: true, token: true, ..Machine::backup() };
        match setting.model {
            Model::TezSign => backup.marks.block = Mark::at(Position::start_of(level(60))),
            _ => backup.marks = failover_core::facts::Marks::all(Mark::at(Position::start_of(level(60)))),
        }
        Setting { backup, ..setting }
    };
    everywhere(|setting| ahead(setting).with(&[Fault::BackupReboot, Fault::Dud], 1), "ahead");
}

#[test]
fn a_lie_is_caught_unless_the_primary_is_mute_for_the_whole_window() {
    let found = everywhere(
        |mut setting| {
            setting.budget.lies = 1;
            setting.budget.crashes = u8::from(all());
            setting.after = 6;
            let faults = [Fault::Mute, Fault::Back, Fault::Restart, Fault::Reboot, Fault::BakerDies];
            setting.with(&faults, if all() { 2 } else { 1 })
        },
        "lie",
    );
    assert!(found.iter().any(|found| found.doubled > 0), "the residue was not reached");
    assert!(found.iter().any(|found| found.ends.contains_key("duplicate")), "no run was stopped");
}

#[test]
fn inside_the_residue_the_watch_stops_the_backup_at_what_its_mark_does_not_explain() {
    let mut setting = Setting { reachable: false, ..Setting::calm("watch", Model::TezSign) };
    setting.budget.lies = 1;
    setting.after = 5;
    let found = hold(&setting.with(&[Fault::Mute, Fault::Back, Fault::BakerDies], 2));
    assert!(found.ends.contains_key("done, then stopped by the watch"), "{found:?}");
}

#[test]
fn cable_or_power_that_comes_back_is_the_residue_and_nothing_else_is() {
    everywhere(
        |mut setting| {
            setting.after = if all() { 4 } else { 2 };
            let faults = [Fault::Replug, Fault::PowerLoss, Fault::PowerBack];
            setting.with(&faults, if all() { 2 } else { 1 })
        },
        "restored",
    );
}

/// S13: the claim on the primary is what keeps two backups apart.
#[test]
fn two_operators_on_two_backups() {
    for model in MODELS {
        let setting = Setting { sites: 2, switches_off: false, ..Setting::calm("two operators", model) };
        let found = hold(&setting);
        assert!(found.ends.contains_key("done") && found.ends.contains_key("refused"), "{found:?}");
    }
}

/// S13: the claim on the primary was left before anybody switched it off, and whoever cannot ask it any more says whether
/// somebody else runs failover.
#[test]
fn two_operators_and_a_primary_that_is_switched_off() {
    for model in MODELS {
        hold(&Setting { sites: 2, ..Setting::calm("two operators, switched off", model) });
    }
}

#[test]
fn s2_with_the_smallest_margins_too() {
    for margin in [2, 3, 4] {
        everywhere(|setting| Setting { margin, ..setting }, "margin");
    }
}
