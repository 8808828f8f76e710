//! The person who is asked, or nobody: then every question has the answer that was found, or none.

use std::fmt::Display;
use std::str::FromStr;

use crate::failure::Failure;
use crate::output::Output;
use crate::prompt;

/// Asks on the terminal, where somebody is to be asked.
pub(super) struct Person<'a> {
    out: &'a mut Output,
    /// Is anybody asked?
    pub(super) asked: bool,
    /// What was found since the last question; it stands above the next one.
    found: Vec<String>,
}

impl<'a> Person<'a> {
    pub(super) const fn new(out: &'a mut Output, asked: bool) -> Self {
        Self { out, asked, found: Vec::new() }
    }

    /// Something that was found; nobody to ask is nobody to tell.
    pub(super) fn tell(&mut self, found: impl Into<String>) {
        if self.asked {
            self.found.push(found.into());
        }
    }

    /// Something that a person should know, whether or not anybody is asked. It ends nothing.
    pub(super) fn warn(&mut self, message: impl Display) {
        self.out.warn(message);
    }

    /// One answer; `None`: nothing is known, and it is left open.
    pub(super) fn line(&mut self, question: &str, found: Option<&str>) -> Result<Option<String>, Failure> {
        if !self.asked {
            return Ok(found.map(str::to_owned));
        }
        let mut text = std::mem::take(&mut self.found).join("\n");
        text.push_str(if text.is_empty() { "" } else { "\n" });
        text.push_str(question);
        Ok(prompt::asked("about the new configuration", "--yes", &text, found)?)
    }

    /// One answer that has to be something; what is not is said, and asked for again.
    pub(super) fn parsed<T: FromStr<Err: Display>>(
        &mut self,
        question: &str,
        found: Option<&str>,
    ) -> Result<Option<T>, Failure> {
        loop {
            let Some(text) = self.line(question, found)? else { return Ok(None) };
            match text.parse() {
                Ok(value) => return Ok(Some(value)),
                Err(error) if self.asked => self.warn(error),
                Err(error) => return Err(Failure::usage(error, "correct the command line")),
            }
        }
    }
}
