//! The program in a real terminal: drawn in place, coloured where that is wanted, and left as it was found.

use std::path::{Path, PathBuf};

use crate::support::call;
use crate::svg::picture;
use crate::tmux::{CODE, Tmux};

const FAILOVER: &str =
    concat!("XDG_CONFIG_HOME=/nonexistent XDG_STATE_HOME=/nonexistent ", env!("CARGO_BIN_EXE_failover"));

/// What the pure screen draws at the end of this drill, by its own tests.
fn drawn(name: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/screen").join(name);
    std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

/// Where these lines stand, one under the other.
fn place(text: &[String], lines: &[String]) -> Option<usize> {
    text.windows(lines.len()).position(|window| window == lines)
}

pub(crate) fn drill(columns: u16, rows: u16, environment: &[(&str, &str)], more: &str) -> Tmux {
    let tmux = Tmux::start(columns, rows, environment, &format!("{FAILOVER} drill --seed 3 {more}"));
    assert_eq!(tmux.ended(), 0);
    tmux
}

#[test]
fn what_is_drawn_is_what_the_pure_screen_says_and_nothing_before_it_is_lost() {
    for (columns, rows) in [(80, 24), (120, 40)] {
        let text = drill(columns, rows, &[], "").text();
        let end = drawn(&format!("done-{columns}.txt"));
        let at = place(&text, &end).unwrap_or_else(|| panic!("{columns}:\n{}", text.join("\n")));
        assert!(text[..at].iter().any(|line| line.contains("floor about")), "the plan is above: {text:#?}");
        assert!(text[at..].iter().any(|line| line.starts_with("Next: ")), "the end is under it: {text:#?}");
        let once = |what: &str| text.iter().filter(|line| line.contains(what)).count() == 1;
        assert!(once(" ✓  7  ") && once(" ✓  0  ") && !text.iter().any(|line| line.contains('▸')), "{text:#?}");
    }
}

#[test]
fn no_color_draws_in_place_without_colours() {
    let escapes = |lines: &[String]| lines.iter().filter(|line| line.contains('\x1b')).count();
    let coloured = drill(80, 24, &[], "");
    assert!(escapes(&coloured.coloured()) > 5);
    let plain = drill(80, 24, &[("NO_COLOR", "1")], "");
    assert_eq!(escapes(&plain.coloured()), 0);
    assert!(place(&plain.text(), &drawn("done-80.txt")).is_some());
}

/// The lines of a drill that are the same each time.
fn same(lines: impl IntoIterator<Item = String>) -> Vec<String> {
    let lines = lines.into_iter().filter(|line| !line.contains("plan ") && !line.starts_with(CODE) && line != "$");
    lines.map(|line| line.trim_end().to_owned()).collect()
}

#[test]
fn a_pipe_a_dumb_terminal_and_a_small_one_get_plain_lines() {
    let plain = same(call(&["drill", "--seed", "3"]).out.lines().map(str::to_owned));
    assert!(plain.iter().any(|line| line.starts_with("3  ")) && plain.len() > 50, "{plain:?}");
    assert_eq!(same(drill(80, 24, &[], "| cat").joined()), plain);
    assert_eq!(same(drill(80, 24, &[("TERM", "dumb")], "").joined()), plain);
    let small = drill(80, 19, &[], "").text();
    assert!(
        small.iter().any(|line| line.starts_with("3  ")) && !small.iter().any(|line| line.contains('✓')),
        "{small:?}"
    );
}

#[test]
fn a_countdown_goes_on_in_place_and_ctrl_c_leaves_the_terminal_as_it_was() {
    // A drill that is killed leaves its scratch folder; here it goes.
    let scratch = tempfile::tempdir().unwrap();
    let environment = [("TMPDIR", scratch.path().to_str().unwrap())];
    let tmux = Tmux::start(80, 24, &environment, &format!("{FAILOVER} drill --seed 3 --pace real"));
    let is_wait = |line: &str| line.contains(", waiting for ");
    let first = tmux.until("a wait", is_wait);
    let second = tmux.until("its next second", |line| is_wait(line) && line != first);
    assert!(second.contains(" so far, ") || second.contains(" left, "), "{second}");
    let count = |what: &str| tmux.text().iter().filter(|line| line.contains(what)).count();
    assert_eq!((count(" 0  "), count("waiting for ")), (1, 1), "drawn in place: {:#?}", tmux.text());
    // In another window it goes on under what was drawn, and breaks nothing that was said.
    tmux.resize(100, 30);
    tmux.until("it is drawn anew", |_| tmux.text().iter().filter(|line| line.contains(" 0  ")).count() == 2);
    tmux.keys(&["C-c"]);
    assert_ne!(tmux.ended(), 0);
    assert!(tmux.cursor(), "the cursor is shown");
    tmux.keys(&["stty -a | grep -o '[-]*echo ' | sed 's/^/the terminal: /'", "Enter"]);
    assert_eq!(tmux.until("its settings", |line| line.starts_with("the terminal: ")), "the terminal: echo");
}

#[test]
fn the_pictures_in_the_docs_are_of_this_version() {
    // A folder that any user may write to: what is said of the report depends on it.
    let state = tempfile::tempdir().unwrap();
    let done = drill(80, 24, &[("XDG_STATE_HOME", state.path().to_str().unwrap())], "").coloured();
    let from = done.iter().position(|line| line.contains(" 0  ")).unwrap();
    let to = done.iter().position(|line| line.contains(CODE)).unwrap();
    let done = [&["$ failover drill".to_owned(), String::new()], &done[from..to]].concat();
    is_in_the_docs("terminal-done.svg", &picture("The end of a drill in a terminal", &done, 80));
    // A moment of it, as the pure screen draws it.
    let fence = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/screen/silence-80.ansi");
    let tmux = Tmux::start(80, 24, &[], &format!("cat {}", fence.display()));
    assert_eq!(tmux.ended(), 0);
    let mut fence = tmux.coloured();
    fence.truncate(fence.iter().position(|line| line.contains(CODE)).unwrap());
    fence.remove(0);
    is_in_the_docs(
        "terminal-fence.svg",
        &picture("A run in a terminal, while the primary's silence is counted", &fence, 80),
    );
}

pub(crate) fn is_in_the_docs(name: &str, svg: &str) {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/images").join(name);
    if std::env::var("FAILOVER_DOCS").is_ok_and(|what| what == "write") {
        std::fs::write(&path, svg).unwrap();
    }
    let how = "FAILOVER_DOCS=write cargo test -p failover-cli --test cli picture";
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(known, svg, "docs/images/{name} is of another version; `{how}` writes it");
}
