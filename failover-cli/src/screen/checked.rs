//! A row of a list that is worked through: what was looked at, whether it is as it must be, and what was found.

use super::look::{Look, State};
use super::row::Row;
use crate::text::one_line;
use crate::wrap::{Long, width, wrap};

/// Where what was found begins, in a terminal that is wide enough for two columns.
const FOUND: usize = 34;

/// The row in lines of this width.
pub(crate) fn checked(row: Row, what: &str, says: &str, columns: usize, look: Look) -> String {
    let (what, says) = (one_line(what), one_line(says));
    let state = match row {
        Row::Well => State::Done,
        Row::Told => State::Skipped,
        Row::Missing => State::Failed,
    };
    let mark = look.paint(state, look.mark(state));
    let two = columns >= 2 * FOUND && width(&what) + 6 <= FOUND;
    let text = if two { says } else { format!("{what}: {says}") };
    let indent = if two { FOUND } else { 4 };
    let lines = wrap(&text, columns.saturating_sub(indent), if two { 0 } else { 2 }, Long::Keep);
    let name = if two { format!("{what:<width$}", width = FOUND - 4) } else { String::new() };
    let painted = lines.iter().map(|line| if row == Row::Missing { look.paint(state, line) } else { line.clone() });
    format!("{mark} {name}{}", painted.collect::<Vec<_>>().join(&format!("\n{}", " ".repeat(indent))))
}
