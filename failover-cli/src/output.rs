//! What a command shows: human text, or with `--json` one record a line. The last line is always the end.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use failover_core::journal::{self, record::Record};
use serde::Serialize;

use crate::exit::Exit;
pub(crate) use crate::screen::Row;
use crate::screen::{Look, Screen, checked};
use crate::text::{columns, fit, is_terminal};

mod commands;
mod end;
mod mark;
#[cfg(test)]
mod tests;

pub(crate) use commands::Flags;
pub(crate) use end::End;
use end::EndRecord;
use mark::Mark;

/// A record as a program reads it: with the version of its form.
#[derive(Serialize)]
struct Versioned<'a, T> {
    v: u32,
    #[serde(flatten)]
    record: &'a T,
}

#[derive(Serialize)]
struct Text<'a> {
    record: &'static str,
    message: &'a str,
}

/// Where a command shows what it does. A reader that went away stops nothing: a failover goes on without an audience.
pub(crate) struct Output {
    json: bool,
    colour: bool,
    /// The terminal's width; `None` where lines are as long as they are.
    columns: fn() -> Option<usize>,
    /// Where a run is drawn in place.
    screen: Option<Screen>,
    out: Box<dyn Write + Send>,
    /// For a person: what went wrong, and the end after a document. With `--json` nothing.
    aside: Box<dyn Write + Send>,
    document: bool,
    /// What the commands that it names are to keep of this call.
    flags: Flags,
}

impl Output {
    /// Standard output; colour on a terminal only, and not where `NO_COLOR` is set.
    pub(crate) fn stdout(json: bool) -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
        let terminal = !json && is_terminal();
        let columns = if terminal { columns } else { || None };
        Self {
            json,
            colour: terminal && wanted,
            columns,
            screen: None,
            out: Box::new(io::stdout()),
            aside: Box::new(io::stderr()),
            document: false,
            flags: Flags::default(),
        }
    }

    /// The commands that it names from now on keep these flags.
    pub(crate) fn keep(&mut self, flags: Flags) {
        self.flags = flags;
    }

    /// Begins to draw runs in place, where this is a terminal that can; `counts`: their time is that on the wall.
    pub(crate) fn begin_screen(&mut self, counts: bool) {
        if (self.columns)().is_some() && std::env::var_os("TERM").is_some_and(|term| !term.is_empty()) {
            self.screen = Screen::begin(Look::of_locale(self.colour), counts);
        }
    }

    /// The screen, where there is one.
    pub(crate) fn screen(&self) -> Option<Screen> {
        self.screen.clone()
    }

    /// Leaves the last drawing where it stands; what comes now is written under it.
    pub(crate) fn end_screen(&mut self) {
        if let Some(screen) = self.screen.take() {
            screen.still();
        }
    }

    /// The terminal's width; `None` where lines are as long as they are.
    pub(crate) fn columns(&self) -> Option<usize> {
        (self.columns)()
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
        if let Some(screen) = &self.screen {
            return screen.above(text.to_owned(), false);
        }
        // A closed pipe is no reason to stop, and there is nobody to tell.
        let _ = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
    }

    fn write_aside(&mut self, text: &str) {
        if let Some(screen) = &self.screen {
            return screen.above(text.to_owned(), true);
        }
        let _ = self.aside.write_all(text.as_bytes()).and_then(|()| self.aside.flush());
    }

    /// Text for a person, in lines that fit where it is a terminal.
    fn fitted(&self, text: &str) -> String {
        fit(&self.flags.in_text(text), (self.columns)())
    }

    /// A record: its `Display` for a person (nothing where that is empty), itself for a program.
    pub(crate) fn show<T: Serialize + Display>(&mut self, record: &T) {
        if self.json {
            self.record(record);
        } else {
            let text = record.to_string();
            if !text.is_empty() {
                self.write(&format!("{}\n", self.fitted(text.trim_end_matches('\n'))));
            }
        }
    }

    /// One thing that was looked at, as a row on a terminal, and elsewhere as [`Output::show`] does it.
    pub(crate) fn check<T: Serialize + Display>(&mut self, record: &T, row: Row, what: &str, says: &str) {
        match (self.columns)() {
            Some(columns) => {
                let look = Look::of_locale(self.colour);
                self.write(&format!("{}\n", checked(row, what, &self.flags.in_text(says), columns, look)));
            }
            None => self.show(record),
        }
    }

    /// A record for a program only.
    pub(crate) fn record<T: Serialize>(&mut self, record: &T) {
        if self.json {
            match serde_json::to_string(&Versioned { v: journal::VERSION, record }) {
                Ok(line) => self.write(&format!("{line}\n")),
                // Its own types are all that is written.
                Err(error) => self.write_aside(&format!("a record could not be written as JSON: {error}\n")),
            }
        }
    }

    /// A line for a person only.
    pub(crate) fn line(&mut self, text: impl Display) {
        if !self.json {
            self.write(&format!("{}\n", self.fitted(&text.to_string())));
        }
    }

    /// Text as it is, to the byte: a file that is written to standard output. With `--json` a record with the text as
    /// its `message`.
    pub(crate) fn document(&mut self, record: &'static str, text: &str) {
        self.document = true;
        if self.json { self.text(record, text) } else { self.write(text) }
    }

    fn text(&mut self, record: &'static str, message: &str) {
        self.record(&Text { record, message });
    }

    fn marked(&mut self, mark: Mark, text: &str) {
        let text = self.flags.in_text(text);
        let label = mark.label();
        // A document on standard output ends where it ends.
        let aside = self.document || !matches!(mark, Mark::Next | Mark::NextAfterAll);
        let columns = (self.columns)().filter(|_| !aside || io::stderr().is_terminal());
        let text = fit(&format!("{label} {text}"), columns);
        let line = match text.strip_prefix(label) {
            Some(rest) if self.colour => format!("{}{label}\x1b[0m{rest}\n", mark.colour()),
            _ => format!("{text}\n"),
        };
        if aside { self.write_aside(&line) } else { self.write(&line) }
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
        Self { colour: self.colour, screen: self.screen.clone(), flags: self.flags.clone(), ..Self::stdout(self.json) }
    }

    /// What went wrong, one sentence.
    pub(crate) fn error(&mut self, message: impl Display) {
        let message = message.to_string();
        if self.json { self.text("error", &message) } else { self.marked(Mark::Error, &message) }
    }

    /// The last line.
    pub(crate) fn end(&mut self, end: &End) {
        if let (true, Some(run)) = (self.json, &end.run) {
            let next = self.flags.in_text(&run.next);
            self.record(&Record::End(journal::record::End { next, ..(**run).clone() }));
        } else if self.json {
            let next = self.flags.in_text(&end.next);
            let record = EndRecord { outcome: end.exit.outcome(), exit: end.exit.code(), next: &next };
            self.record(&record);
        } else {
            self.marked(if end.exit == Exit::Done { Mark::Next } else { Mark::NextAfterAll }, &end.next);
        }
    }
}
