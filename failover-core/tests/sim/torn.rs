//! A record of which only some bytes reached the disk, at every byte of every record of a run: the journal that is
//! opened again is the one without it. With the crash table, where that journal is taken up again, no byte is left out.
//! A sample takes every 13th byte.

use std::fs;
use std::path::{Path, PathBuf};

use failover_core::journal::record::Record;
use failover_core::journal::{self, JournalFile};
use failover_core::state::StateDir;

use crate::crash_table::RUNS;
use crate::support::{BOTH, Case, judge, wanted};

/// The one journal below this folder.
pub(crate) fn journal_in(scratch: &Path) -> PathBuf {
    let mut journals = StateDir::existing(scratch).unwrap().journals().unwrap();
    assert_eq!(journals.len(), 1);
    journals.remove(0)
}

/// Leaves `share` hundredths of the last record on disk: some of its bytes, never all.
pub(crate) fn tear(journal: &Path, share: usize) {
    let bytes = fs::read(journal).unwrap();
    let line = bytes[..bytes.len() - 1].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let whole = bytes.len() - line;
    let kept = (whole * share / 100).clamp(1, whole - 1);
    fs::write(journal, &bytes[..line + kept]).unwrap();
}

#[test]
fn cut_at_every_byte_a_journal_is_the_one_without_the_torn_record() {
    let cases: Vec<Case> = RUNS.iter().flat_map(|run| BOTH.map(|model| Case::new(run.0, model, run.1))).collect();
    judge(&cases, |case| {
        let (scratch, mut rehearsal) = case.rehearsal();
        rehearsal.session(None).map_err(|e| e.to_string())?;
        let path = journal_in(scratch.path());
        let bytes = fs::read(&path).unwrap();
        let entries = journal::read::<Record>(&path).unwrap().entries;
        let mut whole = 0;
        let mut line = 0;
        let step = if wanted().is_some() { 1 } else { 13 };
        for cut in 1..bytes.len() {
            if bytes[cut - 1] == b'\n' {
                (whole, line) = (whole + 1, cut);
            }
            if cut % step != 0 {
                continue;
            }
            fs::write(&path, &bytes[..cut]).unwrap();
            let (file, seen) = JournalFile::<Record>::reopen(&path).map_err(|e| format!("{case}: byte {cut}: {e}"))?;
            drop(file);
            if seen.entries != entries[..whole] || seen.torn != (cut > line).then_some(cut - line) {
                return Err(format!("{case}: cut at byte {cut}: {whole} records were whole, read {seen:?}"));
            }
            let left = fs::read(&path).unwrap();
            if left != bytes[..line] {
                return Err(format!("{case}: cut at byte {cut}: {} bytes are left, not {line}", left.len()));
            }
        }
        println!("{case}: {} bytes, {} records", bytes.len(), entries.len());
        Ok(())
    });
}
