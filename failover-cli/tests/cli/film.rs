//! The moving picture of a drill in the docs: recorded writes, played to a real terminal and looked at after each.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use crate::svg::film;
use crate::terminal::{drill, is_in_the_docs};
use crate::tmux::{CODE, Tmux};

/// The window of the recording.
const COLUMNS: u16 = 100;
const ROWS: u16 = 30;
/// How much faster than in the simulated world time goes by.
const FASTER: f64 = 15.0;
/// A moment is shown for this many seconds at least, and longer for each line that was not there before.
const GLANCE: f64 = 0.15;
const LINE: f64 = 0.12;
/// The last moment, before everything begins again.
const END: f64 = 6.0;

/// A terminal that shows what it is given, moment by moment.
struct Player {
    tmux: Tmux,
    feed: std::fs::File,
    moments: Vec<(f64, Vec<String>)>,
    _folder: tempfile::TempDir,
}

impl Player {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("feed");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let tmux = Tmux::start(COLUMNS, ROWS, &[], &format!("cat {}", pipe.display()));
        let feed = OpenOptions::new().write(true).open(&pipe).unwrap();
        Self { tmux, feed, moments: Vec::new(), _folder: folder }
    }

    /// Writes to the terminal, and looks at it.
    fn play(&mut self, at: f64, text: &str) {
        let title = format!("moment {at} {}", self.moments.len());
        write!(self.feed, "{text}\x1b]2;{title}\x07").unwrap();
        let seen = self.tmux.titled(&title);
        self.moments.push((at, seen));
    }

    /// Each moment with the seconds that it is shown, from the times in the simulated world.
    fn timed(self) -> Vec<(f64, Vec<String>)> {
        let mut timed = Vec::<(f64, Vec<String>)>::new();
        for (index, (at, lines)) in self.moments.iter().enumerate() {
            let new = timed.last().map_or(1, |(_, before)| lines.iter().filter(|line| !before.contains(line)).count());
            let read = LINE.mul_add(f64::from(u16::try_from(new).unwrap()), GLANCE);
            let seconds = self.moments.get(index + 1).map_or(END, |(next, _)| ((next - at) / FASTER).max(read));
            match timed.last_mut() {
                Some((longer, same)) if same == lines => *longer += seconds,
                _ => timed.push((seconds, lines.clone())),
            }
        }
        timed
    }
}

/// The writes of the recording, with their times.
fn recorded() -> Vec<(f64, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/screen/drill.cast");
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let header = lines.next().unwrap();
    assert_eq!((&header["width"], &header["height"]), (&COLUMNS.into(), &ROWS.into()));
    lines.map(|write| (write[0].as_f64().unwrap(), write[2].as_str().unwrap().to_owned())).collect()
}

/// What is recorded is what the program itself leaves in a terminal, and what it says before and after it is its own.
#[test]
fn the_moving_picture_in_the_docs_is_of_this_version() {
    let state = tempfile::tempdir().unwrap();
    let program = drill(COLUMNS, ROWS, &[("XDG_STATE_HOME", state.path().to_str().unwrap())], "");
    let (said, coloured) = (program.text(), program.coloured());
    let recorded = recorded();
    let plan = said.iter().position(|line| recorded[0].1.starts_with(line.as_str()) && !line.is_empty()).unwrap();
    let mut player = Player::new();
    player.play(0.0, "$ ");
    player.play(0.0, "failover drill --pace real --seed 3\r\n");
    player.play(0.0, &(coloured[..plan].join("\r\n") + "\r\n"));
    for (at, text) in &recorded {
        player.play(*at, text);
    }
    let shown = player.tmux.text();
    let (shown, is_plan) = (&shown[1..], |line: &str| line.starts_with("    plan "));
    for (shown, said) in shown.iter().zip(&said) {
        assert!(shown == said || is_plan(shown) && is_plan(said), "{shown:?} is not {said:?}");
    }
    let end = said.iter().position(|line| line.starts_with(CODE)).unwrap();
    assert!(shown.len() < end, "{said:#?}");
    let last = recorded.last().unwrap().0;
    player.play(last, &coloured[shown.len()..end].join("\r\n"));
    let moments = player.timed();
    let whole: f64 = moments.iter().map(|(seconds, _)| seconds).sum();
    assert!((20.0..40.0).contains(&whole), "it takes {whole} s");
    let title = "A drill in a terminal: the plan, the seven steps in a column, and the end";
    let svg = film(title, &moments, COLUMNS, ROWS.into());
    assert!(svg.len() < 300_000, "{} bytes", svg.len());
    is_in_the_docs("drill.svg", &svg);
}
