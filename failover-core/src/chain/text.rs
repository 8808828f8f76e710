//! What others wrote, made fit to be shown.

/// The first `most` characters on one line: no control characters, so that nothing in an answer can move a
/// terminal's cursor or start a journal line.
pub(super) fn clipped(text: &str, most: usize) -> String {
    let shown = text.split_whitespace().collect::<Vec<_>>().join(" ");
    shown.chars().filter(|c| !c.is_control()).take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::clipped;

    #[test]
    fn control_characters_and_length_are_cut() {
        assert_eq!(clipped("a\u{1b}[2J\r\n  b\u{7}c", 200), "a[2J bc");
        assert_eq!(clipped(&"é".repeat(300), 200).chars().count(), 200);
    }
}
