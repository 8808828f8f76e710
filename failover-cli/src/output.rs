//! What a command shows: human text, or with `--json` one record a line. The last line is always the end.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use failover_core::journal::record::{self as journal, Record};
use serde::Serialize;

use crate::exit::Exit;

/// How a command ended, and the next safe action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct End {
    /// The exit code.
    pub(crate) exit: Exit,
    /// The next safe action, one sentence without its full stop.
    pub(crate) next: String,
    /// A run's own last record, where it was a run.
    run: Option<Box<journal::End>>,
}

impl End {
    /// The end of a command that did what it was asked.
    pub(crate) fn done(next: impl Into<String>) -> Self {
        Self::new(Exit::Done, next)
    }

    /// Any other end.
    pub(crate) fn new(exit: Exit, next: impl Into<String>) -> Self {
        Self { exit, next: next.into(), run: None }
    }

    /// The end of a run, which its journal has too.
    pub(crate) fn of_run(run: journal::End) -> Self {
        Self { exit: Exit::of(run.exit), next: run.next.clone(), run: Some(Box::new(run)) }
    }
}

#[derive(Serialize)]
#[serde(tag = "record", rename = "end")]
struct EndRecord<'a> {
    outcome: &'static str,
    exit: u8,
    next: &'a str,
}

#[derive(Serialize)]
struct Text<'a> {
    record: &'static str,
    message: &'a str,
}

/// How a line is marked on a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Warning,
    Error,
    Next,
}

impl Mark {
    const fn label(self) -> &'static str {
        match self {
            Self::Warning => "Warning:",
            Self::Error => "Error:",
            Self::Next => "Next:",
        }
    }

    const fn colour(self) -> &'static str {
        match self {
            Self::Warning => "\x1b[1;33m",
            Self::Error => "\x1b[1;31m",
            Self::Next => "\x1b[1;32m",
        }
    }
}

/// Where a command shows what it does. A reader that went away stops nothing: a failover goes on without an audience.
pub(crate) struct Output {
    json: bool,
    colour: bool,
    out: Box<dyn Write + Send>,
    /// For a person: what went wrong, and the end after a document. With `--json` nothing.
    aside: Box<dyn Write + Send>,
    document: bool,
}

impl Output {
    /// Standard output; colour on a terminal only, and not where `NO_COLOR` is set.
    pub(crate) fn stdout(json: bool) -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|t| t == "dumb");
        let colour = !json && wanted && !dumb && io::stdout().is_terminal();
        Self { json, colour, out: Box::new(io::stdout()), aside: Box::new(io::stderr()), document: false }
    }

    /// May text have colours?
    pub(crate) const fn is_colourful(&self) -> bool {
        self.colour
    }

    /// Is it for a program?
    pub(crate) const fn is_json(&self) -> bool {
        self.json
    }

    fn write(&mut self, text: &str) {
        // A closed pipe is no reason to stop, and there is nobody to tell.
        let _ = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
    }

    fn write_aside(&mut self, text: &str) {
        let _ = self.aside.write_all(text.as_bytes()).and_then(|()| self.aside.flush());
    }

    /// A record: its `Display` for a person (nothing where that is empty), itself for a program.
    pub(crate) fn show<T: Serialize + Display>(&mut self, record: &T) {
        if self.json {
            self.record(record);
        } else {
            let text = record.to_string();
            if !text.is_empty() {
                self.write(&format!("{}\n", printable(text.trim_end_matches('\n'))));
            }
        }
    }

    /// A record for a program only.
    pub(crate) fn record<T: Serialize>(&mut self, record: &T) {
        if self.json {
            match serde_json::to_string(record) {
                Ok(line) => self.write(&format!("{line}\n")),
                Err(error) => self.text("error", &format!("a record could not be written as JSON: {error}")),
            }
        }
    }

    /// A line for a person only.
    pub(crate) fn line(&mut self, text: impl Display) {
        if !self.json {
            self.write(&format!("{}\n", printable(&text.to_string())));
        }
    }

    /// Text as it is, to the byte: a file that is written to standard output. With `--json` a record with the text as
    /// its `message`.
    pub(crate) fn document(&mut self, record: &'static str, text: &str) {
        self.document = true;
        if self.json { self.text(record, text) } else { self.write(text) }
    }

    fn text(&mut self, record: &'static str, message: &str) {
        if let Ok(line) = serde_json::to_string(&Text { record, message }) {
            self.write(&format!("{line}\n"));
        }
    }

    fn marked(&mut self, mark: Mark, text: &str) {
        let text = printable(text);
        let label = mark.label();
        let line = match self.colour {
            true => format!("{}{label}\x1b[0m {text}\n", mark.colour()),
            false => format!("{label} {text}\n"),
        };
        // A document on standard output ends where it ends.
        if mark == Mark::Next && !self.document { self.write(&line) } else { self.write_aside(&line) }
    }

    /// Something that a person should know, and that stops nothing.
    pub(crate) fn warn(&mut self, message: impl Display) {
        let message = message.to_string();
        if self.json { self.text("warning", &message) } else { self.marked(Mark::Warning, &message) }
    }

    /// How a run ended, for a person; for a program it is in the last record.
    pub(crate) fn say_wrong(&mut self, message: &str) {
        if !self.json {
            self.marked(Mark::Error, message);
        }
    }

    /// The same output once more, for something that shows its records by itself.
    pub(crate) fn another(&self) -> Self {
        Self { colour: self.colour, ..Self::stdout(self.json) }
    }

    /// What went wrong, one sentence.
    pub(crate) fn error(&mut self, message: impl Display) {
        let message = message.to_string();
        if self.json { self.text("error", &message) } else { self.marked(Mark::Error, &message) }
    }

    /// The last line.
    pub(crate) fn end(&mut self, end: &End) {
        if let (true, Some(run)) = (self.json, &end.run) {
            self.record(&Record::End((**run).clone()));
        } else if self.json {
            let record = EndRecord { outcome: end.exit.outcome(), exit: end.exit.code(), next: &end.next };
            self.record(&record);
        } else {
            self.marked(Mark::Next, &end.next);
        }
    }
}

/// Text from a device, a node or a host goes to a terminal without its control characters: no device may move the
/// cursor over what was said before.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
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
        act(&mut Output { json, colour, out: Box::new(page.clone()), aside: Box::new(page.clone()), document: false });
        String::from_utf8(page.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn the_end_is_one_line_in_both_forms() {
        let end = End::new(Exit::Refused, "wait");
        assert_eq!(shown(false, false, |o| o.end(&end)), "Next: wait\n");
        let line = shown(true, false, |o| o.end(&end));
        assert_eq!(line, "{\"record\":\"end\",\"outcome\":\"refused\",\"exit\":3,\"next\":\"wait\"}\n");
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
}
