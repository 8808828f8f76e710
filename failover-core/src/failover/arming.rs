//! Before what arms: the passphrase is typed first, then a look that remembers nothing, then the effect at once (S15).

use std::time::Duration;

use super::Failover;
use crate::clock::Clock as _;
use crate::decision::policy::{CLOCKS_APART, SLOW_LOOKS};
use crate::decision::{Approved, Progress, Refusal, Step, StepKind, TooOld, WaitFor, Waiting};
use crate::facts::{Facts, Manner};
use crate::journal::JournalError;
use crate::journal::record::{End, Record, StepResult};

impl Failover {
    /// How the next look is made.
    pub(super) fn manner(&mut self) -> Manner {
        let notes = self.progress.kept.noted.is_none() && self.progress.session.stopped_since.is_some();
        match (std::mem::take(&mut self.anew), notes) {
            (true, _) => Manner::Anew,
            (false, true) => Manner::ChainLast,
            (false, false) => Manner::Usual,
        }
    }

    /// Performs what was approved: what needs a passphrase once it was typed, what arms on a look that remembers nothing
    /// and is not old; each of them looks again first.
    pub(super) fn approved(&mut self, facts: &Facts, step: Approved<Step>) -> Result<Option<End>, JournalError> {
        let unlocks = matches!(step.get(), Step::ProvePassphrase { .. } | Step::Unlock { .. });
        if unlocks && self.hands.passphrase.is_none() {
            return self.ask_passphrase(step.get().kind());
        }
        if !step.get().arms() {
            self.slow = 0;
            return self.perform(step);
        }
        if !facts.asked.anew {
            self.anew = true;
            return Ok(None);
        }
        // Here already, so that a step which cannot be tried does not look as if it had been.
        if let Err(old) = step.still_fresh(self.clock.now()) {
            return self.too_slow(Some(facts), old);
        }
        // What comes next arms too, most of the time.
        self.anew = true;
        let slow = self.slow;
        let end = self.perform(step)?;
        if self.slow == slow {
            self.slow = 0;
        }
        Ok(end)
    }

    /// A person may take minutes to type it.
    fn ask_passphrase(&mut self, step: StepKind) -> Result<Option<End>, JournalError> {
        self.last_wait = None;
        let asked = match self.progress.kept.started {
            Some(_) if self.progress.failed(step).is_none() => self.hands.operator.passphrase_once_more(),
            _ => self.hands.operator.passphrase(),
        };
        match asked {
            Ok(passphrase) => {
                self.hands.passphrase = Some(passphrase);
                Ok(None)
            }
            // What went wrong first says more than why it cannot be tried again.
            Err(error) => match self.progress.failed(step).map(|(_, before)| format!("{before}; {error}")) {
                Some(why) => self.failed(step, why).map(Some),
                None => self.unanswered(&error).map(Some),
            },
        }
    }

    /// The effect found it too old, and has armed nothing: for this session it is as if it had not been tried. A start may
    /// have let the sign interface go by then.
    pub(super) fn was_too_old(
        &mut self,
        step: &Step,
        old: TooOld,
        untried: Progress,
    ) -> Result<Option<End>, JournalError> {
        let next = "look again".to_owned();
        let result = StepResult::Failed { why: old.to_string(), next, nonces: None };
        self.record(&Record::after(step, result))?;
        self.progress = untried;
        self.progress.session.holding &= !matches!(step, Step::Start { .. });
        self.too_slow(None, old)
    }

    fn too_slow(&mut self, facts: Option<&Facts>, old: TooOld) -> Result<Option<End>, JournalError> {
        self.slow = self.slow.saturating_add(1);
        if self.slow >= SLOW_LOOKS {
            return self.refused(Refusal::Slow { old }).map(Some);
        }
        self.anew = true;
        if let Some(facts) = facts {
            self.say_again(facts, old.to_string())?;
        }
        Ok(None)
    }

    /// Sleeps; a process that stood still meanwhile, or was suspended, counts anew.
    pub(super) fn sleep(&mut self, duration: Duration) {
        let before = self.clock.now();
        self.clock.sleep(duration);
        if self.clock.now().since(before) > duration.saturating_add(CLOCKS_APART) {
            self.progress.count_anew();
            self.counted_anew = true;
        }
    }

    /// Says that everything is counted anew.
    pub(super) fn record_anew(&mut self, facts: &Facts) -> Result<(), JournalError> {
        if !std::mem::take(&mut self.counted_anew) || self.progress.kept.started.is_some() {
            return Ok(());
        }
        self.say_again(facts, "the clock was set, or this process stood still: all is counted anew".to_owned())
    }

    fn say_again(&mut self, facts: &Facts, what: String) -> Result<(), JournalError> {
        self.last_wait = None;
        let head = facts.chain.head.as_ref().ok().map(|head| head.value.level);
        self.record(&Record::Wait { head, waiting: Waiting { why: WaitFor::Known { what }, left: None } })
    }
}
