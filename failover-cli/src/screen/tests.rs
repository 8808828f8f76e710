//! Whole drills, drawn: a few moments of them as files, and every moment of some of them at every width.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use failover_core::clock::Timestamp;
use failover_core::decision::{RungKind, WaitFor};
use failover_core::journal::record::Record;
use failover_core::signer::Model;
use failover_sim::Pace;
use failover_sim::drill::{DrillOptions, drill};
use failover_sim::scenario;

use super::column::Column;
use super::look::Look;
use super::painter::Painter;
use super::{Row, Screen, checked};
use crate::size::Size;
use crate::wrap::width;
use failover_core::narration::Narration;

mod recording;

const PLAIN: Look = Look { colour: false, unicode: true };
const ASCII: Look = Look { colour: false, unicode: false };
const COLOUR: Look = Look { colour: true, unicode: true };

/// The records of a drill, with the time since its first.
fn records(name: &str) -> Vec<(Duration, Record)> {
    let heard = Arc::new(Mutex::new(Vec::<(Timestamp, Record)>::new()));
    let hearing = Arc::clone(&heard);
    let watcher = Arc::new(Mutex::new(move |at: Timestamp, record: &Record| {
        hearing.lock().unwrap().push((at, record.clone()));
    }));
    let folder = tempfile::tempdir().unwrap();
    let scenario = scenario::named(name).unwrap();
    let model = scenario.model.unwrap_or(Model::TezSign);
    drill(scenario, &DrillOptions { model, seed: 3, pace: Pace::Fast }, folder.path(), &(watcher as _)).unwrap();
    let heard = heard.lock().unwrap().clone();
    let first = heard.first().map(|(at, _)| *at).unwrap();
    heard.into_iter().map(|(at, record)| (at.since(first), record)).collect()
}

/// The column after the record for which this holds, the ordinary lines above it, and the time.
fn until(records: &[(Duration, Record)], holds: impl Fn(&Record) -> bool) -> (Column, Vec<String>, Duration) {
    let (mut column, mut above) = (Column::default(), Vec::new());
    for (at, record) in records {
        if matches!(record, Record::Resume { .. }) {
            column = Column::default();
        }
        above.extend(column.hear(record, Some(*at)).iter().map(ToString::to_string));
        if holds(record) {
            return (column, above, *at);
        }
    }
    panic!("no such record in {} of them", records.len());
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/screen").join(name)
}

/// The file says the same.
fn is_as_in(name: &str, text: &str) {
    let path = file(name);
    if std::env::var("FAILOVER_DOCS").is_ok_and(|what| what == "write") {
        std::fs::write(&path, text).unwrap();
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    let how = "FAILOVER_DOCS=write cargo test -p failover-cli --bin failover screen";
    assert_eq!(known, text, "{} is otherwise; `{how}` writes it", path.display());
}

fn page(column: &Column, columns: usize, now: Option<Duration>, look: Look) -> String {
    column.lines(Size { rows: if columns < 100 { 24 } else { 40 }, columns }, now, look).join("\n") + "\n"
}

fn is_wait(record: &Record) -> bool {
    matches!(record, Record::Wait { .. })
}

#[test]
fn a_planned_drill_midway_in_the_fence() {
    let drill = records("planned");
    let disarmed = |record: &Record| matches!(record, Record::Fence { rungs, .. } if rungs.iter().any(|rung| rung.kind == RungKind::Disarmed && rung.proven));
    let (column, above, now) = until(&drill, disarmed);
    is_as_in("fence-80.txt", &page(&column, 80, Some(now), PLAIN));
    is_as_in("fence-120.txt", &page(&column, 120, Some(now), PLAIN));
    is_as_in("fence-80-ascii.txt", &page(&column, 80, Some(now), ASCII));
    assert!(above.iter().any(|line| line.contains("floor about")), "the plan is in ordinary lines: {above:?}");
    assert!(!above.iter().any(|line| line.contains("disarmed: comp")), "what is drawn is not: {above:?}");
}

#[test]
fn silence_is_counted_and_the_fence_is_shown() {
    let (column, _, now) = until(
        &records("planned"),
        |record| matches!(record, Record::Wait { waiting, .. } if matches!(waiting.why, WaitFor::Silence { .. })),
    );
    let now = Some(now + Duration::from_secs(5));
    is_as_in("silence-80.txt", &page(&column, 80, now, PLAIN));
    // For the picture in the docs.
    is_as_in("silence-80.ansi", &page(&column, 80, now, COLOUR));
}

#[test]
fn a_wait_counts_down_and_says_why() {
    let drill = records("emergency");
    let (column, _, now) = until(&drill, is_wait);
    let after = |seconds: u64| page(&column, 80, Some(now + Duration::from_secs(seconds)), PLAIN);
    is_as_in("wait-80.txt", &after(7));
    assert!(after(0).contains("about 2:00 left") && after(7).contains("about 1:53 left"), "{}", after(7));
    assert!(after(130).contains("0:10 longer than estimated"), "{}", after(130));
    assert!(page(&column, 120, None, PLAIN).contains("at most about 2 min"), "without a clock nothing is counted");
    // A wait of which nobody knows how long it lasts says for how long it has lasted.
    let drill = records("planned");
    let (mut column, _, now) = until(&drill, is_wait);
    let said = page(&column, 80, Some(now + Duration::from_secs(65)), PLAIN);
    assert!(said.contains("1:05 so far, waiting for a second reading of the primary's services"), "{said}");
    // Said again while it lasts, it has still lasted as long.
    let again = drill.iter().find(|(_, record)| is_wait(record)).map(|(_, record)| record.clone()).unwrap();
    column.hear(&again, Some(now + Duration::from_secs(60)));
    let said = page(&column, 80, Some(now + Duration::from_secs(65)), PLAIN);
    assert!(said.contains("1:05 so far, "), "{said}");
}

#[test]
fn ends() {
    for (file, drill) in
        [("done", "planned"), ("emergency", "emergency"), ("duplicate", "h3"), ("refused", "nobody-there-etc")]
    {
        let (column, above, now) = until(&records(drill), Record::is_end);
        for columns in [80, 120] {
            is_as_in(&format!("{file}-{columns}.txt"), &page(&column, columns, Some(now), PLAIN));
        }
        let alarm = above.iter().any(|line| line.contains("ANOTHER MACHINE SIGNS"));
        assert_eq!(alarm, file == "duplicate", "{above:?}");
    }
}

#[test]
fn nothing_is_drawn_of_a_run_that_did_nothing() {
    let (column, _, _) = until(&records("h2"), Record::is_end);
    assert!(!column.is_begun());
}

#[test]
fn no_line_is_wider_than_the_terminal_and_none_is_one_too_many() {
    for name in ["planned", "emergency", "h3", "h9", "h22", "nobody-there-etc", "h10"] {
        let mut column = Column::default();
        for (at, record) in records(name) {
            if matches!(record, Record::Begin { .. } | Record::Resume { .. }) {
                column = Column::default();
            }
            column.hear(&record, Some(at));
            for columns in (40..=120).step_by(if record.is_end() { 1 } else { 10 }) {
                for rows in [20, 24] {
                    for look in [PLAIN, ASCII] {
                        let lines = column.lines(Size { rows, columns }, Some(at), look);
                        let wide = lines.iter().find(|line| width(line) > columns);
                        assert_eq!(wide, None, "{name}: {columns} columns: {record:?}");
                        assert!(record.is_end() || column.ended.is_some() || lines.len() < rows, "{name}: {lines:#?}");
                        assert!(look.unicode || lines.iter().all(|line| line.is_ascii()), "{name}: {lines:#?}");
                    }
                }
            }
        }
    }
}

#[test]
fn colours_change_nothing_but_colours() {
    for (at, record) in records("planned") {
        let mut column = Column::default();
        column.hear(&record, Some(at));
        let (plain, coloured) = (page(&column, 80, Some(at), PLAIN), page(&column, 80, Some(at), COLOUR));
        let without: String = coloured
            .split('\x1b')
            .enumerate()
            .map(|(index, part)| if index == 0 { part } else { part.split_once('m').unwrap().1 })
            .collect();
        assert_eq!(without, plain);
    }
}

#[test]
fn a_device_cannot_move_the_cursor_in_the_column() {
    let mut column = Column::default();
    let name = "evil\x1b[2J\r\nname".to_owned();
    let rungs = vec![failover_core::decision::Rung { kind: RungKind::Stopped, proven: true, why: name }];
    column.hear(&Record::Fence { path: failover_core::decision::Path::Controlled, rungs }, None);
    let lines = column.lines(Size { rows: 24, columns: 80 }, None, PLAIN);
    assert!(lines.iter().all(|line| !line.contains(char::is_control)), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("evil\u{fffd}[2J\u{fffd} name")), "{lines:?}");
}

/// A terminal that stands still until it is told to go on.
struct Stopped(std::sync::mpsc::Receiver<()>);

impl std::io::Write for Stopped {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let _goes_on = self.0.recv();
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Were a record drawn by whoever gives it, this would never end.
#[test]
fn a_terminal_that_stands_still_holds_up_no_record() {
    let (go_on, stopped) = std::sync::mpsc::channel();
    let size = || Some(Size { rows: 24, columns: 80 });
    let painter = Painter::new(PLAIN, Box::new(size), Box::new(Stopped(stopped)), Box::new(std::io::sink()));
    let screen = Screen::over(painter, true).unwrap();
    for (_, record) in records("planned") {
        screen.record(&record);
    }
    screen.above("a line\n".to_owned(), false);
    drop(go_on);
}

#[test]
fn a_row_of_a_check_has_two_columns_where_there_is_room() {
    let says = "correct the file /etc/failover/config.toml, and more of it that needs a second line";
    let wide = checked(Row::Well, "boot guard here", says, 80, PLAIN);
    assert_eq!(
        wide,
        " ✓  boot guard here               correct the file /etc/failover/config.toml,\n                                  and more of it that needs a second line"
    );
    let narrow = checked(Row::Missing, "drill", "none yet", 40, ASCII);
    assert_eq!(narrow, "[!] drill: none yet");
}

/// Where nothing is drawn, lines are what programs and people know.
#[test]
fn plain_lines_stay_what_they_are() {
    for drill in ["planned", "nobody-there-etc", "h3"] {
        let (mut story, records) = (Narration::default(), records(drill));
        let told = records.iter().flat_map(|(_, record)| story.tell(record)).map(|told| told.to_string());
        let lines: Vec<String> = told.filter(|line| !line.starts_with("    plan ")).collect();
        is_as_in(&format!("plain-{drill}.txt"), &(lines.join("\n") + "\n"));
    }
}
