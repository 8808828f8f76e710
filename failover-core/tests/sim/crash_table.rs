//! The crash table of the docs: made by these tests, and compared with what they see.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The runs that are killed, each with its seed.
pub(crate) const RUNS: [(&str, u64); 2] = [("planned", 1), ("emergency", 2)];

/// When, as a record is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// What it tells has happened, and nothing of it is on disk.
    Before,
    /// So many hundredths of its bytes are.
    Torn(usize),
    /// All of it is.
    After,
}

impl Moment {
    pub(crate) const ALL: [Self; 5] = [Self::Before, Self::Torn(0), Self::Torn(50), Self::Torn(100), Self::After];

    const fn column(self) -> usize {
        match self {
            Self::Before => 0,
            Self::Torn(_) => 1,
            Self::After => 2,
        }
    }
}

/// A record of a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) run: String,
    pub(crate) index: usize,
    pub(crate) record: String,
}

/// What came of the kills at each place: nothing of the record on disk, some, all.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: BTreeMap<Place, [BTreeSet<String>; 3]>,
    kills: usize,
}

impl Table {
    pub(crate) fn add(&mut self, place: Place, moment: Moment, outcome: String) {
        self.kills += 1;
        self.rows.entry(place).or_default()[moment.column()].insert(outcome);
    }

    pub(crate) const fn kills(&self) -> usize {
        self.kills
    }

    /// The docs say the same: of a sample, no more than they do. `FAILOVER_DOCS=write` writes them.
    pub(crate) fn in_the_docs(&self, whole: bool) {
        println!("crash points: {}, kills: {}", self.rows.len() * 3, self.kills);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(|root| root.join("docs/crash-table.md"));
        let path: PathBuf = path.expect("the root of the repository");
        if whole && std::env::var("FAILOVER_DOCS").is_ok_and(|what| what == "write") {
            std::fs::write(&path, self.page()).unwrap();
        }
        let docs = std::fs::read_to_string(&path).unwrap();
        if whole {
            assert_eq!(docs, self.page(), "docs/crash-table.md is of another run: `make crash-table` writes it");
            return;
        }
        for (place, outcomes) in &self.rows {
            let section = docs.split("\n## ").find(|part| part.starts_with(&place.run));
            let row = format!("| {} | {} |", place.index + 1, place.record);
            let line = section.unwrap_or_default().lines().find(|line| line.starts_with(&row));
            let Some(line) = line else { panic!("{}: {row} is not in docs/crash-table.md", place.run) };
            let cells: Vec<&str> = line[row.len()..].split('|').collect();
            for (said, seen) in cells.iter().zip(outcomes) {
                let said: BTreeSet<String> = said.trim().split("; ").map(str::to_owned).collect();
                assert!(seen.is_subset(&said), "{}: {row} {seen:?} is not in docs/crash-table.md", place.run);
            }
        }
    }

    fn page(&self) -> String {
        let mut page = String::from(ABOUT);
        let mut run = "";
        for (place, outcomes) in &self.rows {
            if place.run != run {
                run = &place.run;
                let _ =
                    write!(page, "\n## {run}\n\n| # | record | before it | torn | after it |\n|--:|---|---|---|---|\n");
            }
            let cells = outcomes.each_ref().map(|seen| seen.iter().cloned().collect::<Vec<_>>().join("; "));
            let _ = writeln!(page, "| {} | {} | {} |", place.index + 1, place.record, cells.join(" | "));
        }
        page
    }
}

const ABOUT: &str = "\
# Killed at every record

This page is written by the test `sim::crash` (`make crash-table`); `make test` compares a sample of it with what
it sees, `make prove` all of it.

A run on simulated devices (the real protocol code) is killed while a record of its journal is written, and nothing more
of it is done, not even a disarm:

- **before it**: what the record tells has happened, and nothing of the record is on disk;
- **torn**: its first byte is on disk, half of them, all but the line's end. The test `sim::torn` cuts the same
  journals at every byte, and each time what is read and what is left is the journal without the torn record;
- **after it**: all of it is on disk.

Then `resume`: at once; after a minute; after twenty, when typed statements have expired; and after a reboot of the
backup, whose signer unlocks itself there. `done` is a backup that bakes at or above the floor, with nothing signed
twice until three minutes after the end. A refusal stands with its sentence, and a backup that cannot sign.
";
