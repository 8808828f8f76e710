//! The person at the terminal: questions, typed statements, the passphrase. No default is yes.

use std::io::{self, Write as _};
use std::time::Duration;

use failover_core::operator::{Answer, Operator, OperatorError, Question};
use failover_core::signer::Passphrase;

use crate::args::Answers;
use crate::screen::Screen;
use crate::text::printable;

mod asked;
mod passphrase;
mod sentence;
mod sentences;
mod terminal;

pub(crate) use asked::{asked, somebody};
pub(crate) use passphrase::Source;
use sentence::Sentence;
pub(crate) use sentences::typed_sentence;
use sentences::{IS_NO, which};
use terminal::Terminal;
pub(crate) use terminal::Uninterrupted;

/// How long a question stands (S10); a plan lives as long.
const DEADLINE: Duration = Duration::from_secs(600);

const GO_ON: &str = "whether to go on";
const CABLE: &str = "whether the primary's signer is unplugged";
const CABLE_FLAG: &str = "--confirm-disconnected NAME:PLAN";
const POWER: &str = "whether the primary is switched off";
const POWER_FLAG: &str = "--confirm-powered-off NAME:PLAN";
const SETTING: &str = "the Ledger's setting High Watermark";
const SETTING_FLAG: &str = "--confirm-ledger-setting NAME:PLAN";
const OTHER_RUN: &str = "whether somebody runs failover on the other machine";
const OTHER_RUN_FLAG: &str = "--confirm-no-other-run HOST:PLAN";

/// Asks on the terminal what no flag has answered. Questions go to standard error, records to standard output.
pub(crate) struct Prompt {
    answers: Answers,
    /// The plan that the flags' statements must name; `None`: no plan was made, so no flag can answer.
    plan: Option<String>,
    source: Source,
    /// What is drawn on the same terminal.
    screen: Option<Screen>,
    /// The host whose signer a flag says is unplugged, and the one that a flag says its Ledger has not left.
    hosts: (Option<String>, Option<String>),
    /// Has the primary's signer a machine of its own? Then the power of the baker's machine says nothing.
    signer_apart: bool,
    /// What was said of the primary's power, when its cable was asked about: that is asked next, at once.
    power_said: Option<Answer>,
}

impl Prompt {
    /// A prompt with the flags' answers and the passphrase's source.
    pub(crate) const fn new(answers: Answers, source: Source) -> Self {
        Self { answers, plan: None, source, screen: None, hosts: (None, None), signer_apart: false, power_said: None }
    }

    /// Names the plan about which the flags' statements must have been made.
    pub(crate) fn about(&mut self, plan: impl Into<String>) {
        self.plan = Some(plan.into());
    }

    /// Asks on a terminal on which something is drawn: that stands still at every question.
    pub(crate) fn beside(&mut self, screen: Option<Screen>) {
        self.screen = screen;
    }

    /// Would a person be asked for the passphrase?
    pub(crate) const fn asks_for_passphrase(&self) -> bool {
        self.source.asks()
    }

    /// What flags state about this machine, with the host's name.
    pub(crate) fn of_this_host(&mut self, unplugged: Option<String>, not_moved: Option<String>) {
        self.hosts = (unplugged, not_moved);
    }

    /// The primary's signer has a machine of its own.
    pub(crate) const fn of_a_signer_apart(&mut self, apart: bool) {
        self.signer_apart = apart;
    }

    fn still(&self) {
        if let Some(screen) = &self.screen {
            screen.still();
        }
    }

    /// Did a flag make this statement about this baker and this plan?
    fn stated(&self, flag: Option<&crate::args::Confirmation>, name: &str) -> bool {
        flag.is_some_and(|c| c.name == name && self.plan.as_deref() == Some(c.plan.as_str()))
    }

    /// Did a flag make this statement about this plan? Its name was held against the plan's.
    fn stated_of_the_plan(&self, flag: Option<&crate::args::Confirmation>) -> bool {
        flag.is_some_and(|c| self.stated(flag, &c.name))
    }

    fn asked(
        &self,
        what: &'static str,
        flag: &'static str,
        text: &str,
        question: &Question,
    ) -> Result<Answer, OperatorError> {
        self.still();
        let said = which(what, flag, text, &[(&question.sentence(), &|line| question.is_answered_by(line))])?;
        Ok(if said.is_some() { Answer::Yes } else { Answer::No })
    }

    /// How was the primary cut off? The true statement can be given first; what was said of the power answers the question
    /// that follows.
    fn cut_off(&mut self, cable: &Question, name: &str, host: Option<&str>) -> Result<Answer, OperatorError> {
        let power = Question::PoweredOff { name: name.to_owned(), host: host.map(str::to_owned) };
        let (unplugged, off) = (cable.sentence(), power.sentence());
        let place = host.map(|host| format!(" on {host}")).unwrap_or_default();
        let text = format!(
            "Look at the primary of {name}{place}. Type what is true of it, in full; the second only where you stand at the \
             machine:\n  {unplugged}\n  {off}\nEnter alone, or no: neither."
        );
        self.still();
        let sentences: [Sentence<'_>; 2] =
            [(&unplugged, &|line| cable.is_answered_by(line)), (&off, &|line| power.is_answered_by(line))];
        let said = which(CABLE, CABLE_FLAG, &text, &sentences)?;
        self.power_said = (said != Some(0)).then_some(if said == Some(1) { Answer::Yes } else { Answer::No });
        Ok(if said == Some(0) { Answer::Yes } else { Answer::No })
    }
}

impl Operator for Prompt {
    fn ask(&mut self, question: &Question) -> Result<Answer, OperatorError> {
        // It answers the very next question, or none.
        let said = self.power_said.take();
        match question {
            Question::Proceed { .. } if self.answers.yes => Ok(Answer::Yes),
            Question::Proceed { name, plan } => {
                let what = if plan.is_some() { "Go on with this plan?" } else { "Go on?" };
                let text = format!("{what} Type the baker's name, {name}, to go on; Enter alone stops.");
                self.asked(GO_ON, "--yes", &text, question)
            }
            Question::Disconnected { name, .. } if self.stated(self.answers.confirm_disconnected.as_ref(), name) => {
                Ok(Answer::Yes)
            }
            Question::PoweredOff { name, .. } if self.stated(self.answers.confirm_powered_off.as_ref(), name) => {
                Ok(Answer::Yes)
            }
            // One of the two statements was made by a flag: the person has said which of them is true.
            Question::Disconnected { name, .. } if self.stated(self.answers.confirm_powered_off.as_ref(), name) => {
                Ok(Answer::No)
            }
            Question::Disconnected { name, host } if !self.signer_apart => {
                self.cut_off(question, name, host.as_deref())
            }
            Question::Disconnected { .. } => {
                let sentence = question.sentence();
                let text = format!(
                    "Look at the primary: is its signer unplugged? If it is, type in full:\n  {sentence}\n{IS_NO}"
                );
                self.asked(CABLE, CABLE_FLAG, &text, question)
            }
            Question::PoweredOff { .. } if let Some(answer) = said => Ok(answer),
            Question::PoweredOff { .. } => {
                let sentence = question.sentence();
                let text = format!(
                    "Are you standing at the primary, and is it switched off? If it is, type in full:\n  {sentence}\n{IS_NO}"
                );
                self.asked(POWER, POWER_FLAG, &text, question)
            }
            Question::NoOtherRun { host } if self.stated(self.answers.confirm_no_other_run.as_ref(), host) => {
                Ok(Answer::Yes)
            }
            Question::NoOtherRun { host } => {
                let sentence = question.sentence();
                let text = format!(
                    "{host} cannot be asked whether a run is in progress there, and two runs at once would sign twice. Make sure \
                     that nobody runs failover on {host}; then type in full:\n  {sentence}\n{IS_NO}"
                );
                self.asked(OTHER_RUN, OTHER_RUN_FLAG, &text, question)
            }
            // It says what somebody saw on a screen: `--yes` has seen nothing (S11).
            Question::LedgerSetting if self.stated_of_the_plan(self.answers.confirm_ledger_setting.as_ref()) => {
                Ok(Answer::Yes)
            }
            Question::LedgerSetting => {
                let text = format!(
                    "No program can read the Ledger's setting \"High Watermark\". Look at its screen, under Settings. \
                     If it says Enabled, type: enabled\n{IS_NO}"
                );
                self.asked(SETTING, SETTING_FLAG, &text, question)
            }
            // No flag takes this risk, and a run that answers questions by flags does not ask it.
            Question::Unproven { .. } if self.answers.yes => Ok(Answer::No),
            Question::Unproven { sentence, levels_an_hour } => {
                let text = format!(
                    "Nothing proves that the primary is off. Waiting another hour costs the votes and blocks of about \
                     {levels_an_hour} levels, and no stake. To go on without proof, type in full:\n  {sentence}"
                );
                let asked = self.asked("for the statement in place of proof", "a terminal", &text, question);
                // Without a terminal it stays what it was: refused.
                if matches!(asked, Err(OperatorError::NoTerminal { .. })) { Ok(Answer::No) } else { asked }
            }
            Question::Unplugged { host } if !host.is_empty() && self.hosts.0.as_ref() == Some(host) => Ok(Answer::Yes),
            Question::Unplugged { .. } => {
                let sentence = question.sentence();
                let text = format!(
                    "This machine's signer cannot be read. Look at it: is it unplugged and without any power? If so, type \
                     in full:\n  {sentence}\n{IS_NO}"
                );
                self.asked("whether this machine's signer is unplugged", "--confirm-unplugged HOST", &text, question)
            }
            Question::NotMoved { host } if !host.is_empty() && self.hosts.1.as_ref() == Some(host) => Ok(Answer::Yes),
            Question::NotMoved { .. } => {
                let sentence = question.sentence();
                let text = format!(
                    "Has the Ledger been at any other machine since the run began here? If it has not, type in full:\n  \
                     {sentence}\n{IS_NO}"
                );
                self.asked("whether the Ledger has left this host", "--confirm-not-moved HOST", &text, question)
            }
            _ => {
                Err(OperatorError::NoTerminal { what: "a question that this version does not know", flag: "an update" })
            }
        }
    }

    fn passphrase(&mut self) -> Result<Passphrase, OperatorError> {
        if self.source.asks() {
            self.still();
        }
        self.source.next()
    }

    fn passphrase_once_more(&mut self) -> Result<Passphrase, OperatorError> {
        if self.source.asks() {
            self.still();
        }
        self.source.once_more()
    }

    fn tell(&mut self, text: &str) {
        self.still();
        let _nobody_to_tell = writeln!(io::stderr(), "{}", printable(text));
    }

    fn can_answer(&self, question: &Question) -> Result<(), OperatorError> {
        let answers = &self.answers;
        let disconnected = |name| self.stated(answers.confirm_disconnected.as_ref(), name);
        let powered_off = |name| self.stated(answers.confirm_powered_off.as_ref(), name);
        let (said, what, flag) = match question {
            Question::Proceed { .. } => (answers.yes, GO_ON, "--yes"),
            Question::Disconnected { name, .. } => (disconnected(name) || powered_off(name), CABLE, CABLE_FLAG),
            Question::PoweredOff { name, .. } => (powered_off(name), POWER, POWER_FLAG),
            Question::LedgerSetting => {
                (self.stated_of_the_plan(answers.confirm_ledger_setting.as_ref()), SETTING, SETTING_FLAG)
            }
            Question::NoOtherRun { host } => {
                (self.stated(answers.confirm_no_other_run.as_ref(), host), OTHER_RUN, OTHER_RUN_FLAG)
            }
            _ => return Ok(()),
        };
        if said { Ok(()) } else { Terminal::open(what, flag).map(drop) }
    }

    fn can_give_passphrase(&self) -> Result<(), OperatorError> {
        self.source.can_give()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompt(flags: Answers, plan: Option<&str>) -> Prompt {
        let mut prompt = Prompt::new(flags, Source::none());
        if let Some(plan) = plan {
            prompt.about(plan);
        }
        prompt
    }

    #[test]
    fn a_statement_by_flag_counts_for_its_baker_and_its_plan_only() {
        let flags = Answers { confirm_disconnected: Some("bob:1f2e".parse().unwrap()), ..Answers::default() };
        let question = |name: &str| Question::Disconnected { name: name.to_owned(), host: None };
        assert_eq!(prompt(flags.clone(), Some("1f2e")).ask(&question("bob")), Ok(Answer::Yes));
        // Tests have no terminal on their standard input, or they would hang here; see tests/prompt.rs for one that has.
        for (plan, name) in [(Some("1f2f"), "bob"), (Some("1f2e"), "eve"), (None, "bob")] {
            assert!(!prompt(flags.clone(), plan).stated(flags.confirm_disconnected.as_ref(), name));
        }
    }

    #[test]
    fn yes_answers_the_plan_and_nothing_else() {
        let flags = Answers { yes: true, ..Answers::default() };
        assert_eq!(
            prompt(flags.clone(), None).ask(&Question::Proceed { name: "bob".into(), plan: None }),
            Ok(Answer::Yes)
        );
        // Tests have no terminal on their standard input.
        let asked = prompt(flags, Some("1")).ask(&Question::LedgerSetting);
        assert!(matches!(asked, Err(OperatorError::NoTerminal { flag, .. }) if flag.starts_with("--confirm-ledger")));
    }

    #[test]
    fn the_ledgers_setting_is_stated_of_the_plan() {
        let flags = Answers { confirm_ledger_setting: Some("bob:1".parse().unwrap()), ..Answers::default() };
        assert_eq!(prompt(flags.clone(), Some("1")).ask(&Question::LedgerSetting), Ok(Answer::Yes));
        assert!(prompt(flags, Some("2")).ask(&Question::LedgerSetting).is_err());
    }

    #[test]
    fn powered_off_by_flag_leaves_disconnected_unsaid() {
        let flags = Answers { confirm_powered_off: Some("bob:1".parse().unwrap()), ..Answers::default() };
        let mut prompt = prompt(flags, Some("1"));
        assert_eq!(prompt.ask(&Question::Disconnected { name: "bob".into(), host: None }), Ok(Answer::No));
        assert_eq!(prompt.ask(&Question::PoweredOff { name: "bob".into(), host: None }), Ok(Answer::Yes));
    }
}
