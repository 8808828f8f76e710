//! The limits of a journal and of a line, to the byte, and what is no cut.

use super::*;

/// A line of so many bytes, its newline included.
fn line(seq: u64, length: usize) -> Vec<u8> {
    let begin = format!(r#"{{"v":1,"seq":{seq},"at":"2026-11-26T00:00:00Z","text":""#);
    let mut line = begin.into_bytes();
    line.resize(length - 3, b'x');
    line.extend_from_slice(b"\"}\n");
    line
}

fn read_back(bytes: &[u8]) -> Result<Journal<Value>, JournalError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.jsonl");
    std::fs::write(&path, bytes).unwrap();
    read(&path)
}

#[test]
fn the_longest_line_is_read_and_a_longer_one_not() {
    assert_eq!(read_back(&line(1, MAX_LINE)).unwrap().entries.len(), 1);
    assert!(matches!(read_back(&line(1, MAX_LINE + 1)), Err(JournalError::Bad { line: 1, .. })));
}

#[test]
fn the_largest_journal_is_read_and_a_larger_one_not() {
    let lines = MAX_BYTES / MAX_LINE as u64;
    let mut bytes: Vec<u8> = (1..=lines).flat_map(|seq| line(seq, MAX_LINE)).collect();
    assert_eq!(bytes.len() as u64, MAX_BYTES);
    assert_eq!(read_back(&bytes).unwrap().entries.len() as u64, lines);
    bytes.push(b'{');
    assert!(matches!(read_back(&bytes), Err(JournalError::TooLarge { limit: MAX_BYTES, .. })));
}

#[test]
fn a_line_that_was_cut_is_so_at_the_end_only() {
    let cut = b"{\"v\":1,\"seq\":2\n";
    let torn = [&line(1, 100)[..], cut].concat();
    assert_eq!(read_back(&torn).unwrap().torn, Some(cut.len()));
    let followed = [&torn[..], &line(3, 100)].concat();
    assert!(matches!(read_back(&followed), Err(JournalError::Bad { line: 2, .. })));
}

#[test]
fn a_line_is_readable_as_the_record_that_it_is() {
    assert_eq!(readable(&line(7, 100), 7), Ok(()));
    assert!(readable(&line(7, 100), 8).is_err(), "another number");
    let older = String::from_utf8(line(7, 100)).unwrap().replace(r#""v":1"#, r#""v":0"#);
    assert!(readable(older.as_bytes(), 7).is_err(), "another version");
}
