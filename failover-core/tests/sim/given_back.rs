//! S16: who bakes after `failover return`, and what it is refused for.

use failover_core::journal::record::Record;
use failover_core::signer::Model;
use failover_sim::drill::{Cut, Rehearsal, journal_of};
use failover_sim::{Event, Side};

use crate::support::{BOTH, Case, harmless, judge, name};

fn cases(scenario: &str) -> Vec<Case> {
    BOTH.into_iter()
        .flat_map(|model| (1..=3).map(move |seed| (model, seed)))
        .map(|(m, s)| Case::new(scenario, m, s))
        .collect()
}

fn bakes_again(case: &Case, rehearsal: &Rehearsal) -> Result<(), String> {
    match rehearsal.world().bakes(Side::Primary) {
        true => Ok(()),
        false => Err(format!("{case}: the primary does not run")),
    }
}

/// H28: nobody bakes, and the way out is a statement.
#[test]
fn the_primary_bakes_again_though_the_backups_signer_is_dead() {
    judge(&cases("h28"), |case| {
        let (scratch, mut rehearsal) = case.rehearsal();
        let run = rehearsal.session(None).map_err(|e| e.to_string())?.clone();
        if run.exit != 1 || !run.next.contains("failover return") {
            return Err(format!("{case}: {} {} {}", run.exit, run.message, run.next));
        }
        let end = rehearsal.give_back().map_err(|e| e.to_string())?.clone();
        let records: Vec<String> = journal_of(scratch.path()).unwrap().iter().map(name).collect();
        if end.exit != 0 || !records.iter().any(|r| r == "asked Unplugged") {
            return Err(format!("{case}: {} {} {records:?}", end.exit, end.message));
        }
        harmless(rehearsal.world(), scratch.path())?;
        bakes_again(case, &rehearsal)
    });
}

/// H40: what starts the primary comes after a stop there. Its permit is gone: nothing runs, no token, the secret aside.
#[test]
fn h40_a_start_that_comes_late_starts_nothing() {
    judge(&cases("h40"), |case| {
        let (scratch, mut rehearsal) = case.rehearsal();
        rehearsal.session(None).map_err(|e| e.to_string())?;
        let aside = rehearsal.world().changes(Side::Primary).len();
        let end = rehearsal.give_back().map_err(|e| e.to_string())?.clone();
        let words = (&end.message, &end.next);
        if end.exit != 7
            || !words.0.contains("failover stand-down")
            || !words.1.starts_with("on one machine only: `fail")
        {
            return Err(format!("{case}: {} {words:?}", end.exit));
        }
        let world = rehearsal.world();
        // The two scripts, and nothing that they would have called.
        let done = world.changes(Side::Primary).split_off(aside);
        if world.bakes(Side::Primary) || world.bakes(Side::Backup) || done.iter().any(|line| !line.contains("sh -c")) {
            return Err(format!("{case}: {done:?}"));
        }
        if scratch.path().join("primary/ACTIVE").exists() {
            return Err(format!("{case}: the token is there"));
        }
        harmless(world, scratch.path())?;
        // Nobody else acts any more: the same command leads out (S18).
        let again = rehearsal.give_back().map_err(|e| e.to_string())?.clone();
        if again.exit != 0 {
            return Err(format!("{case}: {} {}", again.exit, again.message));
        }
        bakes_again(case, &rehearsal)
    });
}

/// Every session is cut at every record, and the job is asked back: it is given where no start was tried, and nowhere else.
#[test]
fn wherever_the_run_is_cut_the_job_is_given_back_unless_a_start_was_tried() {
    let cuts: Vec<(Case, usize)> = BOTH
        .into_iter()
        .flat_map(|model| {
            (6..60)
                .step_by(if model == Model::Ledger { 2 } else { 1 })
                .map(move |at| (Case::new("planned", model, 4), at))
        })
        .collect();
    judge(&cuts, |(case, at)| {
        let (scratch, mut rehearsal) = case.rehearsal();
        rehearsal.session(Some(Cut::After(*at))).map_err(|e| e.to_string())?;
        let records = journal_of(scratch.path()).unwrap();
        let started = records.iter().any(|r| matches!(r, Record::Before { step, .. } if step.name() == "start"));
        let end = rehearsal.give_back().map_err(|e| e.to_string())?.clone();
        let wanted = if started { 3 } else { 0 };
        if end.exit != wanted {
            let records: Vec<String> = records.iter().map(name).collect();
            return Err(format!("{case}, cut after {at}: {} {}; {records:?}", end.exit, end.message));
        }
        if started { Ok(()) } else { bakes_again(case, &rehearsal) }
    });
}

/// What a person did with the device by hand in between is seen by its marks.
#[test]
fn a_mark_that_moved_by_itself_is_refused() {
    judge(&cases("planned"), |case| {
        let (_scratch, mut rehearsal) = case.rehearsal();
        rehearsal
            .session(Some(Cut::When(|r| name(r) == "after raise" || name(r) == "after authorize")))
            .map_err(|e| e.to_string())?;
        let world = rehearsal.world().clone();
        world.restore_card(Side::Backup);
        let end = rehearsal.give_back().map_err(|e| e.to_string())?.clone();
        match end.exit == 3 && end.message.contains("may have signed") && !world.bakes(Side::Primary) {
            true => Ok(()),
            false => Err(format!("{case}: {} {}", end.exit, end.message)),
        }
    });
}

/// A standby that was completed begins a new account: the machine that baked before may give the next job back.
#[test]
fn after_a_completed_standby_an_earlier_start_does_not_count() {
    judge(&cases("planned"), |case| {
        let (_scratch, mut rehearsal) = case.rehearsal();
        for _ in 0..2 {
            rehearsal.session(None).map_err(|e| e.to_string())?;
            rehearsal.turn_round().map_err(|e| e.to_string())?;
        }
        // The first backup is the backup again, and its signer dies.
        let world = rehearsal.world().clone();
        rehearsal.session(Some(Cut::When(|r| name(r) == "after note-level"))).map_err(|e| e.to_string())?;
        world.apply(Event::Unplug(Side::Backup));
        let end = rehearsal.give_back().map_err(|e| e.to_string())?.clone();
        if end.exit != 0 {
            return Err(format!("{case}: {} {}", end.exit, end.message));
        }
        bakes_again(case, &rehearsal)
    });
}
