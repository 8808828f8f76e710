//! The journals of a machine: their names, their order, and the one that a resume goes on with.
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]

use std::fs;

use failover_core::clock::Timestamp;
use failover_core::journal::{self, Entry, JournalError, Recorder, record};
use failover_core::state::{PlanId, StateDir, StateError};
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "lowercase")]
enum Record {
    Began,
    End,
}

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_millis(1_795_316_400_000 + minutes * 60_000 + 1)
}

fn finished(entries: &[Entry<Record>]) -> bool {
    entries.last().is_some_and(|e| e.record == Record::End)
}

fn plan() -> PlanId {
    "K7MPQ2".parse().unwrap()
}

#[test]
fn the_newest_unfinished_run_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let state = StateDir::open(dir.path().join("state")).unwrap();
    assert!(state.unfinished::<Record>(finished).unwrap().is_none());

    for (minute, records) in
        [(0, &[Record::Began][..]), (1, &[Record::Began]), (2, &[Record::Began, Record::End]), (3, &[])]
    {
        let mut journal = state.create_journal(at(minute), plan()).unwrap();
        for record in records {
            journal.append(at(minute), record).unwrap();
        }
    }
    fs::write(state.path().join("journals/notes.txt"), "a person's").unwrap();
    let names: Vec<String> =
        state.journals().unwrap().iter().map(|p| p.file_name().unwrap().to_string_lossy().into_owned()).collect();
    // One without a byte is none.
    assert_eq!(names[0], "20261122T030200Z-K7MPQ2.jsonl");
    assert_eq!(names.len(), 3);
    assert!(names.is_sorted_by(|a, b| a > b));

    let (path, journal) = state.unfinished::<Record>(finished).unwrap().unwrap();
    assert_eq!(path, state.path().join("journals/20261122T030100Z-K7MPQ2.jsonl"));
    assert_eq!(journal.entries.len(), 1);
}

#[test]
fn one_that_cannot_be_read_is_not_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let state = StateDir::open(dir.path().join("state")).unwrap();
    state.create_journal(at(0), plan()).unwrap().append(at(0), &Record::Began).unwrap();
    fs::write(state.path().join("journals/20261122T030500Z-K7MPQ2.jsonl"), "?\n?\n").unwrap();
    let found = state.unfinished::<Record>(finished);
    assert!(matches!(found, Err(StateError::Journal(JournalError::Bad { line: 1, .. }))), "{found:?}");
}

/// Two of one plan within a second: a statement by a flag names it, and a person may be quick.
#[test]
fn no_run_overwrites_another_or_is_kept_from_beginning_by_it() {
    let dir = tempfile::tempdir().unwrap();
    let state = StateDir::open(dir.path().join("state")).unwrap();
    for records in 1..=3 {
        let mut journal = state.create_journal::<Record>(at(0), plan()).unwrap();
        for _ in 0..records {
            journal.append(at(0), &Record::Began).unwrap();
        }
    }
    let journals = state.journals().unwrap();
    let lines: Vec<usize> = journals.iter().map(|path| fs::read_to_string(path).unwrap().lines().count()).collect();
    assert_eq!(lines, [3, 2, 1], "the newest first: {journals:?}");
}

/// S6: a program that embeds the library gives it the journal as it is.
#[test]
fn s6_a_journal_by_itself_is_a_recorder() {
    let dir = tempfile::tempdir().unwrap();
    let state = StateDir::open(dir.path().join("state")).unwrap();
    let mut journal = state.create_journal(at(0), plan()).unwrap();
    let path = journal.path().to_owned();
    let wanted = record::Record::Disarmed { proven: true, what: vec!["keys".to_owned()] };
    Recorder::record(&mut journal, at(1), &wanted).unwrap();
    let found = journal::read::<record::Record>(&path).unwrap().entries;
    assert_eq!(found.iter().map(|entry| (entry.at, &entry.record)).collect::<Vec<_>>(), [(at(1), &wanted)]);
    fs::write(&path, "").unwrap();
    assert!(matches!(Recorder::record(&mut journal, at(2), &wanted), Err(JournalError::Changed { .. })));
}
