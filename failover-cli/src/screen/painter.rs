//! Draws the column in place. What was said before stays above it, and so does its last drawing: nothing is cleared but the
//! lines that are drawn again, and the cursor is never hidden.
//!
//! Not the crate `indicatif`: its 0.18.6 clears as many lines as it drew whatever the window's size has become, and leaves
//! lines that are filled with blanks in place of ended ones. Nor `ratatui`: its inline view asks the terminal where the
//! cursor is, and reads the answer from what a person types.

use std::io::Write;
use std::time::Duration;

use failover_core::journal::record::Record;

use super::column::Column;
use super::look::Look;
use crate::size::Size;
use crate::text::fit;
use failover_core::narration::Told;

/// What stands on the terminal, just above the cursor.
struct Drawn {
    size: Size,
    lines: Vec<String>,
}

pub(super) struct Painter {
    pub(super) look: Look,
    pub(super) size: Box<dyn Fn() -> Option<Size> + Send>,
    pub(super) out: Box<dyn Write + Send>,
    pub(super) aside: Box<dyn Write + Send>,
    column: Column,
    drawn: Option<Drawn>,
    /// Somebody else writes on the terminal until the next record.
    still: bool,
}

impl Painter {
    pub(super) fn new(
        look: Look,
        size: Box<dyn Fn() -> Option<Size> + Send>,
        out: Box<dyn Write + Send>,
        aside: Box<dyn Write + Send>,
    ) -> Self {
        Self { look, size, out, aside, column: Column::default(), drawn: None, still: false }
    }

    /// Takes a record in; the caller draws.
    pub(super) fn hear(&mut self, record: &Record, at: Option<Duration>) {
        self.still = false;
        // Another session: what is drawn of the last one stays.
        if matches!(record, Record::Begin { .. } | Record::Resume { .. }) {
            self.leave(at);
            (self.column, self.still) = (Column::default(), false);
        }
        let above = self.column.hear(record, at);
        if !above.is_empty() {
            let columns = (self.size)().map(|size| size.columns);
            let text: String = above.iter().map(|told| self.ordinary(told, columns)).collect();
            self.above(&text, false);
        }
        if record.is_end() {
            self.leave(at);
        }
    }

    fn ordinary(&self, told: &Told, columns: Option<usize>) -> String {
        let text = fit(&told.to_string(), columns);
        match told {
            Told::Alarm(said) if self.look.colour && !said.is_empty() => format!("\x1b[1;31m{text}\x1b[0m\n"),
            _ => format!("{text}\n"),
        }
    }

    /// Ordinary lines, above the column; the next drawing puts it under them.
    pub(super) fn above(&mut self, text: &str, aside: bool) {
        let erased = self.erase();
        let _gone = self.out.write_all(erased.as_bytes()).and_then(|()| self.out.flush());
        let to = if aside { &mut self.aside } else { &mut self.out };
        let _gone = to.write_all(text.as_bytes()).and_then(|()| to.flush());
    }

    /// Draws the column where it has changed.
    pub(super) fn draw(&mut self, now: Option<Duration>) {
        let Some(size) = (self.size)() else { return };
        if self.still || !self.column.is_begun() {
            return;
        }
        let lines = self.column.lines(size, now, self.look);
        if self.drawn.as_ref().is_some_and(|drawn| drawn.size == size && drawn.lines == lines) {
            return;
        }
        let mut text = self.back(size);
        for line in &lines {
            text.push_str("\x1b[2K");
            text.push_str(line);
            text.push('\n');
        }
        text.push_str("\x1b[J");
        // One write: no half of it is seen.
        let _gone = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
        self.drawn = Some(Drawn { size, lines });
    }

    /// Draws it once more, and leaves it where it stands until there is another record.
    pub(super) fn leave(&mut self, now: Option<Duration>) {
        self.draw(now);
        (self.drawn, self.still) = (None, true);
    }

    /// What is drawn stays where it is; the next drawing goes under it.
    pub(super) fn forget(&mut self) {
        self.drawn = None;
    }

    /// To the first line of what is drawn. Where the window's width has changed, the terminal may have broken those lines
    /// anew, and where it has become too low, some of them have scrolled away: a new drawing then goes under the old one,
    /// and nothing that was said is overwritten.
    fn back(&mut self, size: Size) -> String {
        match self.drawn.take() {
            Some(Drawn { size: before, lines }) if before.columns == size.columns && lines.len() < size.rows => {
                format!("\r\x1b[{}A", lines.len())
            }
            _ => String::new(),
        }
    }

    fn erase(&mut self) -> String {
        let back = (self.size)().map(|size| self.back(size)).unwrap_or_default();
        if back.is_empty() { back } else { format!("{back}\x1b[J") }
    }
}
