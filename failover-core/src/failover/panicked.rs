//! A run that panics: a fault of this software, or of an operator, a recorder or an edge that somebody brought. Nothing that could
//! sign stays behind, and the journal has an end, as far as they still work.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::Failover;
use crate::decision::Progress;
use crate::effect;
use crate::journal::record::{End, Outcome, Record};
use crate::signer::words_of;

impl Failover {
    /// Goes through the procedure to its end. The end is recorded; where even that fails, it is in the answer.
    ///
    /// # Panics
    /// Where the recorder, the operator or an edge does. By then the backup is disarmed, unless its start was tried, and the end is
    /// recorded.
    pub(crate) fn run(mut self) -> End {
        let run = catch_unwind(AssertUnwindSafe(|| self.rehearse()));
        run.unwrap_or_else(|panic| {
            self.broke_off(words_of(&*panic));
            resume_unwind(panic)
        })
    }

    fn broke_off(&mut self, why: &str) {
        let mut end = End::new(
            Outcome::Interrupted,
            6,
            format!("the run broke off: {why}"),
            "run `failover resume` to go on, or `failover stand-down`".to_owned(),
        );
        // Each apart: what has panicked once may do it again. Disarming comes first, and asks nobody (S12).
        let disarmed = apart(|| self.disarm_what_was_armed());
        match &disarmed {
            Some(Some(Record::Disarmed { proven: false, what })) => {
                end.message.push_str(&format!("; and the backup is not read back disarmed: {}", what.join("; ")));
            }
            Some(_) => {}
            None => end.message.push_str("; and disarming the backup broke off too"),
        }
        if let Some(Some(disarmed)) = &disarmed {
            apart(|| self.record(disarmed));
        }
        let end = apart(|| self.at_rest(end.clone())).unwrap_or(end);
        if self.begun {
            apart(|| self.record(&Record::End(end)));
        }
    }

    /// What was started stays the one that bakes.
    fn disarm_what_was_armed(&mut self) -> Option<Record> {
        let Progress { kept, session } = &self.progress;
        let touched = session.armed || kept.left_armed || session.holding || session.fenced_self;
        if kept.started.is_some() || !touched {
            return None;
        }
        let effect::Disarmed { proven, what } = effect::disarm(&mut self.hands, &self.clock);
        Some(Record::Disarmed { proven, what })
    }
}

/// `None`: it panicked.
fn apart<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}
