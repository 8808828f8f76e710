//! A look at a machine: nothing is asked twice, and what is expected to be asked is asked in one go.

use std::time::Duration;

use super::{Host, HostError, Output};

/// A machine that is looked at.
///
/// Between [`Looking::begin`] and [`Looking::end`] each question is asked once, and what was announced by
/// [`Looking::expect`] comes with the next question, in one round trip. A command ends the look: whatever is asked after it
/// is asked anew. Outside of a look nothing is remembered.
#[derive(Debug)]
pub(crate) struct Looking<H> {
    host: H,
    look: Option<Look>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Question {
    argv: Vec<String>,
    deadline: Duration,
}

#[derive(Debug, Default)]
struct Look {
    answers: Vec<(Question, Result<Output, HostError>)>,
    /// What will be asked for.
    expected: Vec<Question>,
}

impl<H: Host> Looking<H> {
    pub(crate) const fn new(host: H) -> Self {
        Self { host, look: None }
    }

    /// A look begins.
    pub(crate) fn begin(&mut self) {
        self.look = Some(Look::default());
    }

    /// The look is over.
    pub(crate) fn end(&mut self) {
        self.look = None;
    }

    /// Says what will be asked for in this look: it comes with the next question.
    pub(crate) fn expect(&mut self, questions: &[(&[&str], Duration)]) {
        let Some(look) = &mut self.look else { return };
        for (argv, deadline) in questions {
            let question = Question::of(argv, *deadline);
            if !look.knows(&question) && !look.expected.contains(&question) {
                look.expected.push(question);
            }
        }
    }
}

impl<H> Looking<H> {
    /// Was this asked in this look?
    pub(crate) fn has_asked(&self, argv: &[&str], deadline: Duration) -> bool {
        self.look.as_ref().is_some_and(|look| look.knows(&Question::of(argv, deadline)))
    }
}

impl Question {
    fn of(argv: &[&str], deadline: Duration) -> Self {
        Self { argv: argv.iter().map(|word| (*word).to_owned()).collect(), deadline }
    }
}

impl Look {
    fn knows(&self, question: &Question) -> bool {
        self.answers.iter().any(|(known, _)| known == question)
    }
}

impl<H: Host> Host for Looking<H> {
    fn name(&self) -> &str {
        self.host.name()
    }

    fn run(&mut self, argv: &[&str], deadline: Duration) -> Result<Output, HostError> {
        self.end();
        self.host.run(argv, deadline)
    }

    fn feed(&mut self, argv: &[&str], input: &str, deadline: Duration) -> Result<Output, HostError> {
        self.end();
        self.host.feed(argv, input, deadline)
    }

    fn ask(&mut self, argv: &[&str], deadline: Duration) -> Result<Output, HostError> {
        let Some(look) = &mut self.look else { return self.host.ask(argv, deadline) };
        let question = Question::of(argv, deadline);
        if !look.knows(&question) {
            let mut together = vec![question.clone()];
            together.extend(std::mem::take(&mut look.expected).into_iter().filter(|other| *other != question));
            let words: Vec<Vec<&str>> =
                together.iter().map(|asked| asked.argv.iter().map(String::as_str).collect()).collect();
            let asked: Vec<(&[&str], Duration)> =
                words.iter().zip(&together).map(|(argv, asked)| (argv.as_slice(), asked.deadline)).collect();
            let answers = self.host.ask_together(&asked);
            look.answers.extend(together.into_iter().zip(answers));
        }
        let known = look.answers.iter().find(|(known, _)| *known == question).map(|(_, answer)| answer.clone());
        known.unwrap_or_else(|| self.host.ask(argv, deadline))
    }

    fn ask_together(&mut self, questions: &[(&[&str], Duration)]) -> Vec<Result<Output, HostError>> {
        self.host.ask_together(questions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(1);

    /// Counts round trips; answers with the number of the trip.
    #[derive(Default)]
    struct Counting(Vec<Vec<String>>);

    impl Host for Counting {
        fn name(&self) -> &'static str {
            "counting"
        }
        fn run(&mut self, argv: &[&str], deadline: Duration) -> Result<Output, HostError> {
            super::super::only(self.ask_together(&[(argv, deadline)]), "counting", argv)
        }
        fn ask_together(&mut self, questions: &[(&[&str], Duration)]) -> Vec<Result<Output, HostError>> {
            self.0.push(questions.iter().map(|(argv, _)| argv.join(" ")).collect());
            let stdout = self.0.len().to_string();
            questions.iter().map(|_| Ok(Output { code: 0, stdout: stdout.clone(), stderr: String::new() })).collect()
        }
    }

    fn ask(host: &mut Looking<Counting>, words: &[&str]) -> String {
        words.iter().map(|word| host.ask(&[word], SOON).unwrap().stdout).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn nothing_is_asked_twice_in_a_look() {
        let mut host = Looking::new(Counting::default());
        host.begin();
        assert_eq!(ask(&mut host, &["a", "b", "a", "c"]), "1 2 1 3");
        host.begin();
        assert_eq!(ask(&mut host, &["a"]), "4");
        host.end();
        assert_eq!(ask(&mut host, &["a"]), "5");
    }

    #[test]
    fn what_is_expected_comes_along() {
        let mut host = Looking::new(Counting::default());
        host.expect(&[(&["x"], SOON)]);
        host.begin();
        host.expect(&[(&["b"], SOON), (&["c"], SOON)]);
        assert_eq!(ask(&mut host, &["a", "b", "c"]), "1 1 1");
    }

    /// After a command nothing that was seen before it is an answer, and outside of a look nothing is remembered.
    #[test]
    fn a_command_ends_the_look() {
        let mut host = Looking::new(Counting::default());
        assert_eq!(ask(&mut host, &["a", "a"]), "1 2");
        host.begin();
        assert_eq!(ask(&mut host, &["a", "a"]), "3 3");
        host.run(&["stop"], SOON).unwrap();
        assert_eq!(ask(&mut host, &["a", "a"]), "5 6");
        host.begin();
        host.feed(&["write"], "x", SOON).unwrap_err();
        assert_eq!(ask(&mut host, &["a"]), "7");
    }
}
