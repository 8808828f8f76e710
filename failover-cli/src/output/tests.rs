//! What is shown, in both forms.

use std::sync::{Arc, Mutex};

use super::*;

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }
    fn flush(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::BrokenPipe.into())
    }
}

fn shown(json: bool, colour: bool, act: impl FnOnce(&mut Output)) -> String {
    let page = Page::default();
    act(&mut Output {
        json,
        colour,
        columns: || None,
        screen: None,
        out: Box::new(page.clone()),
        aside: Box::new(page.clone()),
        document: false,
        flags: Flags::default(),
    });
    String::from_utf8(page.0.lock().unwrap().clone()).unwrap()
}

#[test]
fn the_end_is_one_line_in_both_forms() {
    let end = End::new(Exit::Refused, "wait");
    assert_eq!(shown(false, false, |o| o.end(&end)), "Next: wait\n");
    let line = shown(true, false, |o| o.end(&end));
    assert_eq!(line, "{\"v\":1,\"record\":\"end\",\"outcome\":\"refused\",\"exit\":3,\"next\":\"wait\"}\n");
}

#[test]
fn a_long_line_is_broken_on_a_terminal_and_nowhere_else() {
    let long = "the primary is not fenced: stopped: still running: octez-baker (pid 1002), tezsign (pid 1004)";
    assert_eq!(shown(false, false, |o| o.line(long)), format!("{long}\n"));
    let narrow = |o: &mut Output| {
        o.columns = || Some(40);
        o.line(long);
        o.end(&End::done("look at it, then `failover run --yes`"));
    };
    let said = shown(false, false, narrow);
    assert_eq!(said.lines().nth(1), Some("  still running: octez-baker (pid 1002),"), "{said}");
    assert!(said.lines().all(|line| line.len() <= 40) && said.contains("\n  `failover run --yes`\n"), "{said}");
    assert!(shown(true, false, narrow).lines().count() == 1, "--json has no lines for a person");
}

#[test]
fn a_device_cannot_move_the_cursor() {
    assert_eq!(shown(false, false, |o| o.error("a\x1b[2Jb\rc")), "Error: a\u{fffd}[2Jb\u{fffd}c\n");
    assert!(shown(false, true, |o| o.warn("x")).starts_with("\x1b[1;33mWarning:"));
}

#[test]
fn a_closed_pipe_is_no_reason_to_stop() {
    let mut output = Output::stdout(false);
    output.out = Box::new(Closed);
    output.line("nobody reads this");
    output.end(&End::done("nothing"));
}
