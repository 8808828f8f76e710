//! What a failed write leaves, where the failed bytes cannot be taken away at once.

use std::io::Write as _;

use super::*;
use crate::journal::read;

#[derive(Debug, PartialEq, Serialize, serde::Deserialize)]
struct Step {
    step: u32,
}

fn at() -> Timestamp {
    Timestamp::from_millis(1_795_316_400_000)
}

#[test]
fn nothing_follows_a_torn_record() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("j.jsonl");
    let mut journal = JournalFile::create(&path).unwrap();
    journal.append(at(), &Step { step: 1 }).unwrap();

    // A handle that can neither write nor truncate: a disk that went bad.
    let good = std::mem::replace(&mut journal.file, File::open(&path).unwrap());
    assert!(matches!(journal.append(at(), &Step { step: 2 }), Err(JournalError::Write { .. })));
    assert!(matches!(journal.append(at(), &Step { step: 2 }), Err(JournalError::Write { .. })));
    assert_eq!(journal.seq(), 1);

    // The disk is back, with half a record on it from then.
    (&good).write_all(br#"{"v":1,"seq":2,"#).unwrap();
    assert_eq!(read::<Step>(&path).unwrap().torn, Some(15));
    journal.file = good;
    assert_eq!(journal.append(at(), &Step { step: 2 }).unwrap(), 2);

    let back = read::<Step>(&path).unwrap();
    assert_eq!(back.torn, None);
    assert_eq!(back.entries.iter().map(|e| e.record.step).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn the_limit_is_no_room() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = JournalFile::create(&dir.path().join("j.jsonl")).unwrap();
    let record = line(1, at(), &Step { step: 1 }).unwrap().len() as u64;
    let mut filled_to = |clean| {
        journal.file.set_len(clean).unwrap();
        journal.clean = clean;
        journal.seq = 0;
        journal.append(at(), &Step { step: 1 })
    };
    assert!(matches!(filled_to(MAX_BYTES), Err(JournalError::Full { .. })));
    assert!(matches!(filled_to(MAX_BYTES - record + 1), Err(JournalError::Full { .. })));
    assert_eq!(filled_to(MAX_BYTES - record), Ok(1), "what fits is written");
}

#[test]
fn a_child_that_has_the_file_open_does_not_keep_the_lock() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("j.jsonl");
    let journal: JournalFile<Step> = JournalFile::create(&path).unwrap();
    let child = journal.file.try_clone().unwrap();
    drop(journal);
    assert!(JournalFile::<Step>::reopen(&path).is_ok());
    drop(child);
}
