//! H16: the primary's seed nonces are on the backup before it bakes, or the end of the run says that they are not.

use failover_core::baker::{SeedNonces, TezbakeControl};
use failover_core::decision::Step;
use failover_core::journal::record::{Record, StepResult};
use failover_core::nonces::{NonceFileName, Nonces};
use failover_core::signer::Model;
use failover_sim::drill::{Cut, Rehearsal, journal_of};
use failover_sim::{Event, HostFault, Side, World};

use crate::support::{BOTH, Case, judge, name};

const FOLDER: &str = "/bake-buddy/node/data/.tezos-client";

fn nonces(world: &World, side: Side) -> Nonces {
    TezbakeControl::new(world.host(side)).nonces(world.options().chain).unwrap()
}

fn path(world: &World, file: NonceFileName) -> String {
    format!("{FOLDER}/{}", file.of_chain(world.options().chain))
}

/// What a session's steps did about nonces.
fn merges(records: &[Record]) -> Vec<&StepResult> {
    let merged = records.iter().filter_map(|record| match record {
        Record::After { step: Step::MergeNonces { .. }, result, .. } => Some(result),
        _ => None,
    });
    merged.collect()
}

fn run(case: &Case) -> (Vec<Record>, Rehearsal) {
    let (scratch, mut rehearsal) = case.rehearsal();
    let end = rehearsal.session(None).unwrap().clone();
    assert_eq!(end.exit, 0, "{case}: {}", end.message);
    (journal_of(scratch.path()).unwrap(), rehearsal)
}

fn end(records: &[Record]) -> (&str, &str) {
    let end = records.iter().rev().find_map(|record| match record {
        Record::End(end) => Some((end.message.as_str(), end.next.as_str())),
        _ => None,
    });
    end.unwrap()
}

#[test]
fn h16_all_that_the_primary_committed_to_is_on_the_backup_before_it_starts() {
    let cases: Vec<Case> = (1..=3).flat_map(|seed| BOTH.map(|model| Case::new("h16", model, seed))).collect();
    judge(&cases, |case| {
        let (_scratch, mut rehearsal) = case.rehearsal();
        let before = nonces(rehearsal.world(), Side::Backup);
        assert_eq!(before.count().unwrap().unrevealed, 1, "its own, from when it baked");
        rehearsal.session(Some(Cut::When(|r| name(r) == "before start"))).unwrap();
        let (primary, here) = (nonces(rehearsal.world(), Side::Primary), nonces(rehearsal.world(), Side::Backup));
        let theirs = primary.count().unwrap().unrevealed;
        assert!(theirs > 2, "{theirs}");
        if !here.has_all_of(&primary) || !here.has_all_of(&before) {
            return Err(format!("{case}: {here:?} of {primary:?} and {before:?}"));
        }
        assert_eq!(here.count().unwrap().unrevealed, theirs + 1);
        Ok(())
    });
}

/// Where the baker goes on, it keeps what was merged; its own new ones come beside it. The end says how many came.
#[test]
fn h16_the_backup_bakes_on_with_them_and_the_end_says_so() {
    let case = Case::new("h16", Model::TezSign, 4);
    let (records, rehearsal) = run(&case);
    let world = rehearsal.world();
    assert!(nonces(world, Side::Backup).has_all_of(&nonces(world, Side::Primary)));
    let [StepResult::Done { nonces: Some(merged), .. }] = merges(&records)[..] else {
        panic!("{:?}", merges(&records))
    };
    assert_eq!(merged.added, merged.theirs.unwrap().unrevealed);
    assert!(end(&records).0.contains(&format!("{} of the primary's seed nonces came here", merged.added)));
    // The old files are kept beside the new ones.
    assert_eq!(merged.kept.len(), 2);
    for copy in &merged.kept {
        let kept = world.exec(Side::Backup, &["cat", "--", copy]).unwrap();
        assert!(kept.code == 0 && copy.ends_with(".before-failover"), "{copy}");
        assert_eq!(kept.stdout.matches("\"nonce\"").count(), 1);
    }
    // Not one nonce is in the journal: its text is 64 digits, and so is no hash in it.
    let text = world.exec(Side::Primary, &["cat", "--", &path(world, NonceFileName::Stateful)]).unwrap().stdout;
    let entries: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    let journal = records.iter().map(|r| serde_json::to_string(r).unwrap()).collect::<String>();
    assert!(entries.iter().all(|entry| !journal.contains(entry["nonce"].as_str().unwrap())));
}

#[test]
fn h16_a_disk_that_cannot_be_read_is_told_and_the_backup_bakes() {
    for model in BOTH {
        let (records, rehearsal) = run(&Case::new("h16-gone", model, 2));
        let merges = merges(&records);
        assert_eq!(merges.len(), 3, "it is tried three times: {merges:?}");
        assert!(merges.iter().all(|result| matches!(result, StepResult::Failed { .. })));
        let (message, next) = end(&records);
        assert!(message.contains("seed nonces were not merged") && message.contains("Input/output error"), "{message}");
        assert!(message.contains("how many of them are unrevealed is not known"), "{message}");
        assert!(next.contains("*_nonces"), "{next}");
        assert!(rehearsal.world().bakes(Side::Backup));
    }
}

#[test]
fn h16_a_primary_out_of_reach_is_told_too() {
    let (records, _rehearsal) = run(&Case::new("emergency", Model::TezSign, 2));
    assert!(merges(&records).is_empty());
    let message = end(&records).0;
    assert!(message.contains("its machine was not stopped from here") && message.contains("is not known"), "{message}");
}

/// Read from the primary and not written here: then the number is known. The backup's own file stays as it is.
#[test]
fn h16_a_damaged_file_on_the_backup_is_left_alone_and_the_number_is_told() {
    let case = Case::new("h16", Model::TezSign, 5);
    let (scratch, mut rehearsal) = case.rehearsal();
    let file = path(rehearsal.world(), NonceFileName::Stateful);
    let cut = "[{\"nonce\": \"00".to_owned();
    rehearsal.world().apply(Event::Host(Side::Backup, HostFault::File(file.clone(), Some(cut.clone()))));
    rehearsal.session(Some(Cut::When(|r| name(r) == "before start"))).unwrap();
    let here = rehearsal.world().exec(Side::Backup, &["cat", "--", &file]).unwrap().stdout;
    assert_eq!(here, cut);
    assert_eq!(rehearsal.session(None).unwrap().exit, 0);
    let records = journal_of(scratch.path()).unwrap();
    let theirs = nonces(rehearsal.world(), Side::Primary).count().unwrap();
    let message = end(&records).0;
    assert!(message.contains("cut off") && message.contains(&theirs.to_string()), "{message}");
}

#[test]
fn h16_another_chains_nonces_are_not_merged() {
    let case = Case::new("h16", Model::Ledger, 6);
    let (scratch, mut rehearsal) = case.rehearsal();
    let world = rehearsal.world();
    // The primary's two files are gone; one of another chain is there.
    for file in NonceFileName::ALL {
        let text = world.exec(Side::Primary, &["cat", "--", &path(world, file)]).unwrap().stdout;
        let other = format!("{FOLDER}/NetXsqzbfFenS{}", file.end());
        world.apply(Event::Host(Side::Primary, HostFault::File(other, Some(text))));
    }
    rehearsal.session(Some(Cut::When(|r| name(r) == "after stop-primary"))).unwrap();
    for file in NonceFileName::ALL {
        let gone = HostFault::File(path(rehearsal.world(), file), None);
        rehearsal.world().apply(Event::Host(Side::Primary, gone));
    }
    assert_eq!(rehearsal.session(None).unwrap().exit, 0);
    let records = journal_of(scratch.path()).unwrap();
    assert!(end(&records).0.contains("the primary has no nonce file of this chain"), "{}", end(&records).0);
}

/// S6: taken up again before its start, a run merges once more, which changes nothing; after it, never.
#[test]
fn a_run_that_is_taken_up_again_merges_before_its_start_only() {
    let case = Case::new("h16", Model::TezSign, 7);
    let (scratch, mut rehearsal) = case.rehearsal();
    rehearsal.session(Some(Cut::When(|r| name(r) == "after merge-nonces"))).unwrap();
    let merged = nonces(rehearsal.world(), Side::Backup);
    rehearsal.session(Some(Cut::When(|r| name(r) == "after start"))).unwrap();
    let records = journal_of(scratch.path()).unwrap();
    let [StepResult::Done { .. }, StepResult::Done { nonces: Some(again), .. }] = merges(&records)[..] else {
        panic!("{:?}", merges(&records))
    };
    assert!(again.added == 0 && again.kept.is_empty() && again.here == merged.count(), "{again:?}");
    assert_eq!(rehearsal.session(None).unwrap().exit, 0);
    assert_eq!(merges(&journal_of(scratch.path()).unwrap()).len(), 2);
}

#[test]
fn old_journals_and_those_with_merges_are_read() {
    for old in [
        r#"{"record":"after","number":3,"step":"guard-primary","result":"done"}"#,
        r#"{"record":"after","number":3,"step":"guard-primary","result":"failed","why":"busy","next":"wait"}"#,
        r#"{"record":"before","number":4,"step":"merge-nonces","chain":"NetXdQprcVkpaWU"}"#,
        r#"{"record":"after","number":4,"step":"merge-nonces","chain":"NetXdQprcVkpaWU","result":"done","nonces":{"added":2,"theirs":{"unrevealed":2,"levels":[7,9]},"here":{"unrevealed":3,"at_most":true}}}"#,
    ] {
        let record: Record = serde_json::from_str(old).unwrap();
        assert_eq!(serde_json::to_value(&record).unwrap(), serde_json::from_str::<serde_json::Value>(old).unwrap());
    }
}
