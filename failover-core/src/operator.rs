//! EDGE: the person. The library has no terminal code; a program that embeds it brings its own [`Operator`].

use std::fmt;
use std::time::Duration;

use crate::signer::Passphrase;
use crate::state::PlanId;

/// What a person is asked.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case", tag = "question")]
#[non_exhaustive]
pub enum Question {
    /// The plan was shown: go on? Typed: the baker's name.
    Proceed {
        /// The baker's name, which is to be typed.
        name: String,
        /// The plan that was shown, by its record's name; `None`: what is asked about has no plan, as `standby` has none, and
        /// older journals do not say it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        plan: Option<PlanId>,
    },
    /// "The primary's signer is unplugged." Typed in full, with the baker's name and the primary's host.
    Disconnected {
        /// The baker's name.
        name: String,
        /// The primary's host, as the configuration names it; `None`: it names none, and older journals do not say it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        host: Option<String>,
    },
    /// "The primary is switched off": said by who stands at it, typed in full. Asked at once where the first is answered no.
    PoweredOff {
        /// The baker's name.
        name: String,
        /// The primary's host, as above.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        host: Option<String>,
    },
    /// The Ledger's setting "High Watermark" cannot be read by software: is it enabled on its screen (H17)?
    LedgerSetting,
    /// The statement that stands in for proof where nobody can reach, unplug or switch off the primary.
    Unproven {
        /// The sentence to be typed.
        sentence: String,
        /// What waiting another hour costs: this many levels without votes and blocks, and no stake.
        levels_an_hour: u64,
    },
    /// "Nobody runs failover on HOST." Typed in full, of a machine that could not be asked (S13).
    NoOtherRun {
        /// Which machine.
        host: String,
    },
    /// This machine's own signer cannot be read: is it unplugged and without power? Typed in full, with the host's name
    /// (H28).
    Unplugged {
        /// This machine's name.
        host: String,
    },
    /// The Ledger has been at this machine, and at no other, since it became the backup. Typed in full, with the host's
    /// name (S16).
    NotMoved {
        /// This machine's name.
        host: String,
    },
}

impl Question {
    /// What a person types to say yes, word for word; nothing else is yes. It has to be asked for so that nobody says it by
    /// accident, and is taken as true.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Proceed { name, .. } => name.clone(),
            Self::Disconnected { name, host: None } => format!("the signer of {name} is unplugged"),
            Self::Disconnected { name, host: Some(host) } => format!("the signer of {name} on {host} is unplugged"),
            Self::PoweredOff { name, host: None } => format!("the machine of {name} is switched off"),
            Self::PoweredOff { name, host: Some(host) } => format!("the machine {host} of {name} is switched off"),
            Self::LedgerSetting => "enabled".to_owned(),
            Self::Unproven { sentence, .. } => sentence.clone(),
            Self::NoOtherRun { host } => format!("and nobody runs failover on {host}"),
            Self::Unplugged { host } => format!("the signer of {host} is unplugged"),
            Self::NotMoved { host } => format!("the Ledger has not left {host}"),
        }
    }

    /// Is this what a person has to type? See [`says`]. Where a word alone only confirms what was shown, capitals and a full stop do not
    /// matter.
    #[must_use]
    pub fn is_answered_by(&self, typed: &str) -> bool {
        let sentence = self.sentence();
        match self {
            Self::Proceed { .. } | Self::LedgerSetting => {
                let typed = typed.trim();
                let word = typed.strip_suffix('.').unwrap_or(typed);
                says(&word.to_lowercase(), &sentence.to_lowercase()) || says(typed, &sentence)
            }
            _ => says(typed, &sentence),
        }
    }

    /// The same question of this plan, where it is asked of one.
    #[must_use]
    pub(crate) fn of_plan(mut self, shown: PlanId) -> Self {
        if let Self::Proceed { plan, .. } = &mut self {
            *plan = Some(shown);
        }
        self
    }
}

/// Is what was typed this sentence, word for word? Its line end and spaces around it are left out; an empty sentence is said by
/// nothing.
#[must_use]
pub fn says(typed: &str, sentence: &str) -> bool {
    !sentence.is_empty() && typed.trim() == sentence
}

/// What is asked, as a statement.
impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Proceed { .. } => "go on with this plan",
            Self::Disconnected { .. } => "the primary's signer is unplugged",
            Self::PoweredOff { .. } => "the primary is switched off",
            Self::LedgerSetting => "the Ledger's setting \"High Watermark\" is enabled",
            Self::NoOtherRun { .. } => "nobody runs failover on the machine that cannot be asked",
            Self::Unproven { .. } => "the statement in place of proof",
            Self::Unplugged { .. } => "the backup's signer is unplugged",
            Self::NotMoved { .. } => "the backup's Ledger has not left its host",
        })
    }
}

/// What a person answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// Typed as asked, or given by a flag that says the same.
    Yes,
    /// Anything else.
    No,
}

/// The person could not be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OperatorError {
    /// There is no terminal, and no flag answered the question.
    #[error("there is no terminal to ask {what}; answer it with {flag}")]
    NoTerminal {
        /// What was to be asked.
        what: &'static str,
        /// The flag that answers it.
        flag: &'static str,
    },
    /// Ctrl-C, or the end of the input.
    #[error("cancelled")]
    Cancelled,
    /// Something else than the sentence, and no no either, each time that it was asked for: whoever mistypes has not answered.
    #[error("asked {what}, and {times} times something else than the sentence was typed")]
    Mistyped {
        /// What was asked.
        what: &'static str,
        /// How often.
        times: u32,
    },
    /// No answer in time (S10).
    #[error("asked {what}, and nobody answered within {}", humantime::format_duration(*after))]
    Timeout {
        /// What was asked.
        what: &'static str,
        /// The deadline.
        after: Duration,
    },
}

/// Asks the person.
pub trait Operator: Send {
    /// Asks one question.
    ///
    /// # Errors
    /// Nobody could be asked, or the person cancelled.
    fn ask(&mut self, question: &Question) -> Result<Answer, OperatorError>;

    /// Asks for TezSign's passphrase, for as many times as it is wrong.
    ///
    /// # Errors
    /// Nobody could be asked, or the person cancelled.
    fn passphrase(&mut self) -> Result<Passphrase, OperatorError>;

    /// The one that was right once more: it was wiped after its use (S9), and the keys have to be unlocked again.
    ///
    /// # Errors
    /// As [`Operator::passphrase`].
    fn passphrase_once_more(&mut self) -> Result<Passphrase, OperatorError> {
        self.passphrase()
    }

    /// Says something that a person should know while an effect waits; nothing is answered.
    fn tell(&mut self, text: &str) {
        let _ = text;
    }

    /// Is there somebody who could be asked this question, or a flag that answers it? Asked before anything is touched;
    /// asks nobody anything.
    ///
    /// # Errors
    /// There is neither: [`OperatorError::NoTerminal`] names the flag.
    fn can_answer(&self, question: &Question) -> Result<(), OperatorError> {
        let _ = question;
        Ok(())
    }

    /// The same of the passphrase.
    ///
    /// # Errors
    /// As [`Operator::can_answer`].
    fn can_give_passphrase(&self) -> Result<(), OperatorError> {
        Ok(())
    }
}

/// Nobody: for what only looks or disarms. Every question ends as [`OperatorError::Cancelled`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Nobody;

impl Operator for Nobody {
    fn ask(&mut self, _: &Question) -> Result<Answer, OperatorError> {
        Err(OperatorError::Cancelled)
    }
    fn passphrase(&mut self) -> Result<Passphrase, OperatorError> {
        Err(OperatorError::Cancelled)
    }
}

/// The flag by which it is stated that this machine's signer is unplugged.
#[must_use]
pub fn unplugged_flag() -> String {
    format!("--confirm-unplugged {}", crate::host::host_name())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of an older journal, and with the plan that it was asked about.
    #[test]
    fn a_question_about_a_plan_names_it_and_an_older_one_is_read() {
        let older: Question = serde_json::from_str(r#"{"question":"proceed","name":"mybaker"}"#).unwrap();
        assert_eq!(older, Question::Proceed { name: "mybaker".to_owned(), plan: None });
        let plan: PlanId = "K7MPQ2".parse().unwrap();
        let asked = older.of_plan(plan);
        assert_eq!(asked, Question::Proceed { name: "mybaker".to_owned(), plan: Some(plan) });
        assert_eq!(serde_json::from_str::<Question>(&serde_json::to_string(&asked).unwrap()).unwrap(), asked);
        assert_eq!(Question::LedgerSetting.of_plan(plan), Question::LedgerSetting, "it is about no plan");
    }

    #[test]
    fn a_sentence_is_typed_in_full_and_an_empty_one_is_no_answer() {
        let (name, host) = (|| "mybaker".to_owned(), || Some("alpha".to_owned()));
        for (question, sentence) in [
            (Question::Proceed { name: name(), plan: None }, "mybaker"),
            (Question::Disconnected { name: name(), host: None }, "the signer of mybaker is unplugged"),
            (Question::Disconnected { name: name(), host: host() }, "the signer of mybaker on alpha is unplugged"),
            (Question::PoweredOff { name: name(), host: None }, "the machine of mybaker is switched off"),
            (Question::PoweredOff { name: name(), host: host() }, "the machine alpha of mybaker is switched off"),
            (Question::LedgerSetting, "enabled"),
            (Question::NoOtherRun { host: "alpha".to_owned() }, "and nobody runs failover on alpha"),
            (Question::Unplugged { host: "alpha".to_owned() }, "the signer of alpha is unplugged"),
            (Question::NotMoved { host: "alpha".to_owned() }, "the Ledger has not left alpha"),
            (Question::Unproven { sentence: "I take the risk".to_owned(), levels_an_hour: 600 }, "I take the risk"),
        ] {
            assert_eq!(question.sentence(), sentence);
            assert!(question.is_answered_by(&format!(" {sentence}\n")), "{question:?}");
            for other in ["", ".", "yes", &sentence[1..], &format!("{sentence}!")] {
                assert!(!question.is_answered_by(other), "{question:?}: {other}");
            }
            // A statement is typed as it stands; a word that only confirms is known in any case.
            let confirms = matches!(question, Question::Proceed { .. } | Question::LedgerSetting);
            for loose in [sentence.to_uppercase(), format!("{sentence}.")] {
                assert_eq!(question.is_answered_by(&loose), confirms, "{question:?}: {loose}");
            }
        }
        assert!(!Question::Proceed { name: String::new(), plan: None }.is_answered_by(""), "no name, no yes");
    }
}
