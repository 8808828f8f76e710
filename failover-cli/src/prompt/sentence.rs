//! What a person typed where a sentence was asked for: it, a no, or neither. A slip of the finger is no answer: it is told, and the
//! same question stands.

use crate::text::printable;

/// What a no looks like. No answer at all is one, too.
const NO: [&str; 3] = ["", "n", "no"];
/// Longer words are shown by their beginning.
const SHOWN: usize = 40;

/// A sentence that may be typed, and whether a text says it.
pub(super) type Sentence<'a> = (&'a str, &'a dyn Fn(&str) -> bool);

/// What was typed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// What was asked for: which of the sentences.
    It(usize),
    /// A no.
    No,
    /// Neither; and what differs, for the person.
    Else(String),
}

/// What this line is where one of these sentences was asked for.
pub(super) fn typed(line: &[u8], sentences: &[Sentence<'_>]) -> Typed {
    let Ok(text) = std::str::from_utf8(line) else { return Typed::Else("what was typed is no text".to_owned()) };
    if let Some(which) = sentences.iter().position(|(_, is_it)| is_it(text)) {
        Typed::It(which)
    } else if NO.contains(&text.trim().to_lowercase().as_str()) {
        Typed::No
    } else {
        Typed::Else(difference(text, nearest(text, sentences)))
    }
}

/// The sentence whose beginning has the most words of what was typed; the first of those.
fn nearest<'a>(typed: &str, sentences: &[Sentence<'a>]) -> &'a str {
    let same = |sentence: &str| {
        let words = typed.split_whitespace().zip(sentence.split_whitespace());
        words.take_while(|(word, wanted)| word == wanted).count()
    };
    let best = sentences.iter().rev().max_by_key(|(sentence, _)| same(sentence));
    best.map_or("", |(sentence, _)| *sentence)
}

/// The first word in which the two differ.
fn difference(typed: &str, sentence: &str) -> String {
    let mut wanted = sentence.split_whitespace();
    let mut words = typed.split_whitespace();
    loop {
        return match (words.next(), wanted.next()) {
            (Some(word), Some(wanted)) if word == wanted => continue,
            (Some(word), Some(wanted)) => format!("{} was typed where it says {wanted}", quoted(word)),
            (None, Some(wanted)) => format!("it ends before {wanted}"),
            (Some(word), None) => format!("{} was typed after its end", quoted(word)),
            (None, None) => "it has other blanks".to_owned(),
        };
    }
}

fn quoted(word: &str) -> String {
    let shown: String = word.chars().take(SHOWN).collect();
    let more = if word.chars().count() > SHOWN { "..." } else { "" };
    format!("\"{}{more}\"", printable(&shown))
}

#[cfg(test)]
mod tests {
    use failover_core::operator::Question;

    use super::*;

    fn of(line: &[u8]) -> Typed {
        let question = Question::Disconnected { name: "bob".to_owned(), host: None };
        typed(line, &[(&question.sentence(), &|text| question.is_answered_by(text))])
    }

    #[test]
    fn a_slip_is_neither_yes_nor_no_and_says_what_differs() {
        let differs = |line: &[u8]| match of(line) {
            Typed::Else(why) => why,
            other => panic!("{other:?}"),
        };
        assert_eq!(of(b" the signer of bob is unplugged "), Typed::It(0));
        for no in ["", "  ", "n", "No", "NO "] {
            assert_eq!(of(no.as_bytes()), Typed::No, "{no}");
        }
        for (line, why) in [
            ("the signer of bob is unplgged", "\"unplgged\" was typed where it says unplugged"),
            ("the signer of bob", "it ends before is"),
            ("The signer of bob is unplugged", "\"The\" was typed where it says the"),
            ("the signer of bob is unplugged!", "\"unplugged!\" was typed where it says unplugged"),
            ("the signer of bob is unplugged now", "\"now\" was typed after its end"),
            ("the  signer of bob is unplugged", "it has other blanks"),
            ("yes", "\"yes\" was typed where it says the"),
            // Another keyboard's quote, and what moves a cursor.
            ("the signer of bob’s is", "\"bob’s\" was typed where it says bob"),
        ] {
            assert_eq!(differs(line.as_bytes()), why, "{line}");
        }
        let two: [Sentence<'_>; 2] =
            [("the signer is out", &|text| text == "the signer is out"), ("the machine is off", &|_| false)];
        for (line, why) in [
            ("the machine is of", "\"of\" was typed where it says off"),
            ("the signer is ou", "\"ou\" was typed where it says out"),
            ("its", "\"its\" was typed where it says the"),
        ] {
            assert_eq!(typed(line.as_bytes(), &two), Typed::Else(why.to_owned()), "the nearest of both");
        }
        assert_eq!(typed(b"no", &two), Typed::No);
        assert!(!differs(b"the \x1b[2Jsigner").contains('\x1b'));
        assert_eq!(differs(b"\xff\xfe"), "what was typed is no text");
        assert!(differs(&[b'x'; 10_000]).len() < 100);
    }
}
