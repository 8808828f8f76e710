//! A journal cut at every byte, damaged at every byte, and a writer killed while it writes.
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use failover_core::clock::{Clock as _, SystemClock, Timestamp};
use failover_core::journal::{self, JournalError, JournalFile};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "lowercase", deny_unknown_fields)]
enum Record {
    Began { baker: String },
    Floor { level: u64 },
    End,
}

fn at() -> Timestamp {
    Timestamp::from_millis(1_795_316_400_123)
}

fn records() -> Vec<Record> {
    let baker = "a \"name\"\nover two lines, é".to_owned();
    vec![Record::Began { baker }, Record::Floor { level: 15_267_109 }, Record::End]
}

fn write_all(path: &Path) -> Vec<u8> {
    let mut journal = JournalFile::create(path).unwrap();
    for (index, record) in records().iter().enumerate() {
        assert_eq!(journal.append(at(), record).unwrap(), index as u64 + 1);
    }
    fs::read(path).unwrap()
}

fn plain(journal: &journal::Journal<Record>) -> Vec<Record> {
    journal.entries.iter().map(|entry| entry.record.clone()).collect()
}

#[test]
fn a_cut_at_every_byte_loses_the_torn_record_only() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = write_all(&dir.path().join("whole.jsonl"));
    assert_eq!(bytes.iter().filter(|b| **b == b'\n').count(), 3);
    let path = dir.path().join("cut.jsonl");
    for cut in 0..=bytes.len() {
        let kept = &bytes[..cut];
        fs::write(&path, kept).unwrap();
        let whole = kept.iter().filter(|b| **b == b'\n').count();
        let tail = cut - kept.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);

        let read: journal::Journal<Record> = journal::read(&path).unwrap();
        assert_eq!(plain(&read), records()[..whole], "cut at {cut}");
        assert_eq!(read.torn, (tail > 0).then_some(tail), "cut at {cut}");

        let (mut again, seen) = JournalFile::<Record>::reopen(&path).unwrap();
        assert_eq!(seen, read);
        assert_eq!(fs::read(&path).unwrap().len(), cut - tail, "the torn end is still there after a cut at {cut}");
        for record in &records()[whole..] {
            again.append(at(), record).unwrap();
        }
        assert_eq!(fs::read(&path).unwrap(), bytes, "not as if never cut, at {cut}");
    }
}

#[test]
fn a_byte_lost_in_the_middle_is_never_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = write_all(&dir.path().join("whole.jsonl"));
    let path = dir.path().join("damaged.jsonl");
    let last = bytes[..bytes.len() - 1].iter().rposition(|b| *b == b'\n').unwrap() + 1;
    for place in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[place] = 0;
        fs::write(&path, &damaged).unwrap();
        let line = 1 + bytes[..place].iter().filter(|b| **b == b'\n').count();
        match journal::read::<Record>(&path) {
            // The very last newline: then the last record has no end, as after a cut.
            Ok(read) => assert!(place == bytes.len() - 1 && read.torn == Some(bytes.len() - last), "byte {place}"),
            Err(JournalError::Bad { line: found, .. }) => assert_eq!(found, line, "byte {place}"),
            Err(other) => panic!("byte {place}: {other}"),
        }
    }
}

fn reading(text: &str) -> Result<journal::Journal<Record>, JournalError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("j.jsonl");
    fs::write(&path, text).unwrap();
    assert_eq!(JournalFile::<Record>::reopen(&path).map(|(_, seen)| seen), journal::read(&path));
    fs::write(&path, text).unwrap();
    journal::read(&path)
}

#[test]
fn gaps_newer_versions_and_strangers_are_named_with_their_line() {
    let line =
        |v: u32, seq: u64, rest: &str| format!("{{\"v\":{v},\"seq\":{seq},\"at\":\"2026-11-22T03:00:00Z\",{rest}}}\n");
    let end = r#""record":"end""#;
    let first = line(1, 1, end);
    assert!(matches!(reading(&line(1, 2, end)), Err(JournalError::Gap { line: 1, found: 2, .. })));
    assert!(matches!(
        reading(&format!("{first}{}", line(1, 3, end))),
        Err(JournalError::Gap { line: 2, found: 3, .. })
    ));
    assert!(matches!(reading(&format!("{first}{first}")), Err(JournalError::Gap { line: 2, found: 1, .. })));
    assert!(matches!(reading(&line(2, 1, end)), Err(JournalError::Newer { line: 1, version: 2, .. })));
    assert!(matches!(reading(&line(0, 1, end)), Err(JournalError::Bad { line: 1, .. })));
    assert!(matches!(reading(&line(1, 1, r#""record":"never heard of""#)), Err(JournalError::Bad { line: 1, .. })));
    assert!(matches!(reading(&line(1, 1, r#""record":"end","seq":1"#)), Err(JournalError::Bad { line: 1, .. })));
    // A newer line may have another shape altogether.
    assert!(matches!(reading("{\"v\":7}\n"), Err(JournalError::Newer { line: 1, version: 7, .. })));
    assert!(matches!(reading("[]\n"), Err(JournalError::Bad { line: 1, .. })));
    assert_eq!(reading("").unwrap().entries, []);
}

#[test]
fn larger_than_any_journal_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("j.jsonl");
    fs::File::create(&path).unwrap().set_len(journal::MAX_BYTES + 1).unwrap();
    assert!(matches!(journal::read::<Record>(&path), Err(JournalError::TooLarge { .. })));
}

#[test]
fn a_record_that_would_not_read_back_is_not_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("j.jsonl");
    let mut hides = JournalFile::create(&path).unwrap();
    for json in
        [serde_json::json!({"seq": 1}), serde_json::json!({"v": 9}), serde_json::json!([1]), serde_json::json!(7)]
    {
        assert!(matches!(hides.append(at(), &json), Err(JournalError::Record { .. })), "{json}");
    }
    let large = serde_json::json!({"text": "x".repeat(journal::MAX_LINE)});
    assert!(matches!(hides.append(at(), &large), Err(JournalError::Record { .. })));
    assert_eq!(fs::read(&path).unwrap(), b"");
    assert_eq!(hides.append(at(), &serde_json::json!({"step": 1})).unwrap(), 1);
}

#[test]
fn one_writer_and_nobody_else() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("j.jsonl");
    let mut journal = JournalFile::create(&path).unwrap();
    assert!(matches!(JournalFile::<Record>::create(&path), Err(JournalError::Open { .. })));
    assert!(matches!(JournalFile::<Record>::reopen(&path), Err(JournalError::InUse { .. })));
    journal.append(at(), &Record::End).unwrap();

    fs::OpenOptions::new().append(true).open(&path).and_then(|f| f.set_len(3)).unwrap();
    assert!(matches!(journal.append(at(), &Record::End), Err(JournalError::Changed { .. })));
    fs::remove_file(&path).unwrap();
    assert!(matches!(journal.append(at(), &Record::End), Err(JournalError::Changed { .. })));
}

#[test]
fn the_limits_are_those_that_are_written() {
    assert_eq!((journal::MAX_BYTES, journal::MAX_LINE), (67_108_864, 1_048_576));
}

/// The writer of the test below; does nothing unless that test starts it.
#[test]
fn child_writes_beside_itself() {
    if std::env::var_os("FAILOVER_TEST_HERE").is_some() {
        JournalFile::create(Path::new("here.jsonl")).unwrap().append(at(), &Record::End).unwrap();
    }
}

/// A name alone is a file in the folder where the program is.
#[test]
fn a_journal_may_lie_where_the_program_is() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "cut::child_writes_beside_itself"]).env("FAILOVER_TEST_HERE", "1").current_dir(dir.path());
    assert!(child.stdout(Stdio::null()).status().unwrap().success());
    assert_eq!(plain(&journal::read(&dir.path().join("here.jsonl")).unwrap()), [Record::End]);
}

/// The writer of the test below, in a process of its own; does nothing unless that test starts it.
#[test]
fn child_writes_until_killed() {
    let Some(path) = std::env::var_os("FAILOVER_TEST_JOURNAL") else { return };
    let mut journal = JournalFile::create(Path::new(&path)).unwrap();
    loop {
        let seq = journal.append(SystemClock.now(), &Record::Floor { level: journal.seq() + 1 }).unwrap();
        println!("written {seq}");
    }
}

#[test]
fn what_was_acknowledged_survives_sigkill() {
    let dir = tempfile::tempdir().unwrap();
    for round in 1_u64..=5 {
        let path = dir.path().join(format!("{round}.jsonl"));
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "cut::child_writes_until_killed", "--nocapture"])
            .env("FAILOVER_TEST_JOURNAL", &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let written = lines.map_while(Result::ok).filter_map(|l| l.strip_prefix("written ")?.parse::<u64>().ok());
        let acknowledged = written.take_while(|seq| *seq <= round * 7).last().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();

        let (mut again, seen) = JournalFile::<Record>::reopen(&path).unwrap();
        assert!(seen.entries.len() as u64 >= acknowledged);
        assert!(seen.entries.iter().all(|e| e.record == Record::Floor { level: e.seq }));
        assert_eq!(again.append(at(), &Record::End).unwrap(), seen.entries.len() as u64 + 1);
    }
}
