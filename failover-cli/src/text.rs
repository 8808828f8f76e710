//! Text for a person, made fit for a terminal.

use std::io::{self, IsTerminal};

use crate::size::Size;
use crate::wrap::{Long, wrap};

/// Text from a device, a node or a host goes to a terminal without its control characters: no device may move the
/// cursor over what was said before.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c }).collect()
}

/// The same in one line.
pub(crate) fn one_line(text: &str) -> String {
    printable(&text.replace(['\n', '\t'], " "))
}

/// Is standard output a terminal on which text may have colours and be drawn anew?
pub(crate) fn is_terminal() -> bool {
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    !dumb && io::stdout().is_terminal()
}

/// The width of standard output, where it is such a terminal.
pub(crate) fn columns() -> Option<usize> {
    if is_terminal() { Size::now().map(|size| size.columns) } else { None }
}

/// Printable text, in lines of this width where there is one; a word that is wider stays whole, so that it can be copied.
pub(crate) fn fit(text: &str, columns: Option<usize>) -> String {
    let text = printable(text);
    let Some(columns) = columns else { return text };
    // Under the text of a row that begins with a box.
    let hang = |line: &str| if line.trim_start().starts_with('[') { 4 } else { 2 };
    text.split('\n').flat_map(|line| wrap(line, columns, hang(line), Long::Keep)).collect::<Vec<_>>().join("\n")
}
