//! Text in lines of a width.

use textwrap::core::Word;
/// The cells of a terminal that a text takes.
pub(crate) use textwrap::core::display_width as width;
use textwrap::{Options, WordSeparator, WordSplitter};

/// What becomes of a word that is wider than a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Long {
    /// It stays whole, so that it can be copied; the terminal breaks it.
    Keep,
    /// It is broken: no line is wider.
    Break,
}

/// The words of a text. A command is one word, whether between backticks or at the end of a sentence: half a command that
/// was copied is another command.
fn words(text: &str) -> Box<dyn Iterator<Item = Word<'_>> + '_> {
    let paired = text.matches('`').count().is_multiple_of(2);
    let command = text.find(": failover ").map_or(text.len(), |at| at + 2);
    let (mut words, mut begin, mut quoted) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        quoted ^= c == '`' && paired;
        let (word, after) = text.split_at(at + c.len_utf8());
        if c == ' ' && !quoted && at < command && !after.starts_with(' ') {
            words.push(Word::from(word.get(begin..).unwrap_or_default()));
            begin = word.len();
        }
    }
    words.push(Word::from(text.get(begin..).unwrap_or_default()));
    Box::new(words.into_iter())
}

/// One line of text in lines of this width. All have the text's own indentation, and those after the first `hang` more.
pub(crate) fn wrap(text: &str, columns: usize, hang: usize, long: Long) -> Vec<String> {
    let body = text.trim_start_matches(' ');
    let indent = (text.len() - body.len()).min(columns / 2);
    let rest = (indent + hang).min(columns / 2);
    let (first, rest) = (" ".repeat(indent), " ".repeat(rest));
    let options = Options::new(columns)
        .initial_indent(&first)
        .subsequent_indent(&rest)
        .break_words(long == Long::Break)
        .word_separator(WordSeparator::Custom(words))
        .word_splitter(WordSplitter::NoHyphenation);
    textwrap::wrap(body, options).iter().map(|line| line.trim_end().to_owned()).collect()
}

/// At most so many of these lines; the last of them says that there is more.
pub(crate) fn cut(mut lines: Vec<String>, most: usize, columns: usize, more: &str) -> Vec<String> {
    if lines.len() <= most {
        return lines;
    }
    lines.truncate(most);
    if let Some(last) = lines.last_mut() {
        while width(last) + width(more) > columns {
            last.pop();
        }
        last.push_str(more);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_hang_under_their_first() {
        assert_eq!(wrap("  one two three", 9, 2, Long::Keep), ["  one two", "    three"]);
        assert_eq!(wrap("a  b", 9, 2, Long::Keep), ["a  b"], "columns stay columns");
        assert_eq!(wrap("", 9, 2, Long::Keep), [""]);
    }

    #[test]
    fn a_command_is_never_broken() {
        let next = wrap("lock it, then `failover run --yes` again", 20, 2, Long::Keep);
        assert_eq!(next, ["lock it, then", "  `failover run --yes`", "  again"]);
        let next = wrap("within 10 minutes: failover run --confirm-disconnected bob:1F2E", 24, 2, Long::Keep);
        assert_eq!(next, ["within 10 minutes:", "  failover run --confirm-disconnected bob:1F2E"]);
    }

    #[test]
    fn no_line_is_wider_where_words_may_be_broken() {
        assert_eq!(["e\u{301}", "表", "→"].map(width), [1, 2, 1], "as many cells as a terminal gives each");
        let path = wrap("see /etc/systemd/system/x 表表表表", 10, 2, Long::Break);
        assert!(path.iter().all(|line| width(line) <= 10), "{path:?}");
        assert_eq!(cut(path, 1, 10, "…").concat(), "see…");
        assert_eq!(cut(vec!["0123456789".to_owned(), String::new()], 1, 10, "..."), ["0123456..."]);
    }
}
