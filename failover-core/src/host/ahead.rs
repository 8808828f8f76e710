//! Questions that are asked ahead, in one round trip: each answer is given once, to the next that asks that question.

use std::time::Duration;

use super::{Host, HostError, Output};

/// Answers that nobody has asked for yet. They are as old as the asking: their holder drops them with the look.
#[derive(Debug, Default)]
pub(crate) struct Ahead(Vec<(Vec<String>, Result<Output, HostError>)>);

impl Ahead {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Asks all of these, each with this deadline.
    pub(crate) fn of<H: Host + ?Sized>(host: &mut H, questions: Vec<Vec<String>>, deadline: Duration) -> Self {
        let words: Vec<Vec<&str>> = questions.iter().map(|argv| argv.iter().map(String::as_str).collect()).collect();
        let asked: Vec<(&[&str], Duration)> = words.iter().map(|argv| (argv.as_slice(), deadline)).collect();
        let answers = host.ask_together(&asked);
        Self(questions.into_iter().zip(answers).collect())
    }

    /// The answer to a question, where it is there.
    pub(crate) fn take(&mut self, question: &[String]) -> Option<Result<Output, HostError>> {
        let at = self.0.iter().position(|(asked, _)| asked == question)?;
        Some(self.0.remove(at).1)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
