//! Commands and what they said, as text.

use super::OUTPUT_LIMIT;

/// A command for a person: its words, cut where it is long.
pub(super) fn shown(argv: &[&str]) -> String {
    const LONGEST: usize = 160;
    let whole = argv.join(" ");
    let mut what: String = whole.chars().map(|c| if c.is_control() { '?' } else { c }).take(LONGEST).collect();
    if whole.chars().nth(LONGEST).is_some() {
        what.push('…');
    }
    what
}

/// Lossily decoded, and never longer than [`OUTPUT_LIMIT`] allows.
pub(super) fn text(bytes: Vec<u8>) -> String {
    let mut text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    };
    let mut end = OUTPUT_LIMIT.min(text.len());
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.truncate(end);
    text
}
