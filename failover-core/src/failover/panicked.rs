//! A run that panics: a fault of this software, or of an operator, a recorder or an edge that somebody brought. Nothing that could
//! sign stays behind, and the journal has an end, as far as they still work.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::Failover;
use crate::effect;
use crate::journal::record::{End, Outcome, Record};
use crate::signer::words_of;

impl Failover {
    /// Goes through the procedure to its end. The end is recorded; where even that fails, it is in the answer.
    ///
    /// # Panics
    /// Where the recorder, the operator or an edge does. By then the backup is disarmed, unless it was started and still runs, and
    /// the end is recorded.
    pub(crate) fn run(mut self) -> End {
        let run = catch_unwind(AssertUnwindSafe(|| self.rehearse()));
        run.unwrap_or_else(|panic| {
            self.broke_off(words_of(&*panic));
            resume_unwind(panic)
        })
    }

    fn broke_off(&mut self, why: &str) {
        let told = format!("the run broke off: {why}");
        // Each apart: what has panicked once may do it again. Disarming comes first, and asks nobody (S12).
        self.backup_runs = apart(|| self.still_bakes()).unwrap_or(self.backup_runs);
        let disarmed = match self.touched() && !self.bakes() {
            true => Some(apart(|| self.taken_down())),
            false => None,
        };
        let mut end = self.alarmed.clone().map_or_else(
            || {
                let next = "run `failover resume` to go on, or `failover stand-down`".to_owned();
                End::new(Outcome::Interrupted, 6, told.clone(), next)
            },
            |end| End { message: format!("{}; and {told}", end.message), ..end },
        );
        match disarmed {
            Some(Some(disarmed)) => {
                disarmed.add_to(&mut end);
                let effect::Disarmed { proven, what } = disarmed;
                apart(|| self.record(&Record::Disarmed { proven, what }));
            }
            Some(None) => end.message.push_str("; and disarming the backup broke off too"),
            None => {}
        }
        let end = self.bakes_on(end);
        let end = match apart(|| self.at_rest(end.clone())) {
            Some(end) => end,
            None => self.not_proven_locked(end, "the wait for an unlock that was not answered broke off"),
        };
        if self.begun {
            apart(|| self.record(&Record::End(end)));
        }
    }
}

/// `None`: it panicked.
pub(super) fn apart<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}
