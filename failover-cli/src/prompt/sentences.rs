//! A sentence, or one of some, is asked for: again where something else was typed. Only it is yes, only a no is no.

use failover_core::operator::{OperatorError, says};

use super::DEADLINE;
use super::sentence::{self, Sentence, Typed};
use super::terminal::{Echo, Terminal};

/// Under every sentence that is to be typed.
pub(super) const IS_NO: &str = "Enter alone, or no, is no.";
/// A sentence is asked for so often where what was typed is neither it nor a no.
const TIMES: u32 = 3;

/// Which of the sentences was typed; `None`: a no.
///
/// # Errors
/// There is no terminal, the person cancelled, or something else was typed every time.
pub(super) fn which(
    what: &'static str,
    flag: &'static str,
    text: &str,
    sentences: &[Sentence<'_>],
) -> Result<Option<usize>, OperatorError> {
    let mut terminal = Terminal::open(what, flag)?;
    let mut text = text.to_owned();
    let shown = sentences.iter().map(|(sentence, _)| format!("  {sentence}")).collect::<Vec<_>>().join("\n");
    let it = if sentences.len() == 1 { "the sentence" } else { "one of the sentences" };
    for left in (0..TIMES).rev() {
        let line = terminal.line(&text, what, Echo::On, DEADLINE)?;
        match sentence::typed(&line, sentences) {
            Typed::It(which) => return Ok(Some(which)),
            Typed::No => return Ok(None),
            Typed::Else(why) => {
                let tries = if left == 1 { "1 try is left".to_owned() } else { format!("{left} tries are left") };
                text = format!("That is not {it}, and counts as nothing: {why}. {tries}:\n{shown}\n{IS_NO}");
            }
        }
    }
    Err(OperatorError::Mistyped { what, times: TIMES })
}

/// Asks for a sentence to be typed in full, under `means`, what it is about. `flag` is what could have said it instead.
///
/// # Errors
/// There is no terminal, the person cancelled, or something else was typed every time.
pub(crate) fn typed_sentence(
    what: &'static str,
    flag: &'static str,
    means: &str,
    sentence: &str,
) -> Result<bool, OperatorError> {
    let text = format!("{means}, type in full:\n  {sentence}\n{IS_NO}");
    Ok(which(what, flag, &text, &[(sentence, &|line| says(line, sentence))])?.is_some())
}
