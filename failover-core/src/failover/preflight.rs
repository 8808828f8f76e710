//! The preflight, as a run, the plan and `check` ask it: one function each time (S17).

use std::time::Duration;

use super::Failover;
use crate::baker::BakerState;
use crate::decision::{Refusal, Verdict, decide};
use crate::facts::Facts;
use crate::journal::JournalError;
use crate::journal::record::{End, Outcome};
use crate::preflight::{self, Purpose};

/// This many blocks a look waits for what the next ones show: a second reading of unlocked keys, or whether an old head is
/// a slow chain's or this machine's clock is ahead.
const BLOCKS: u64 = 5;

impl Failover {
    pub(crate) fn standing(&mut self, purpose: Purpose) -> Result<(), Refusal> {
        preflight::standing(&self.state, &mut self.hands, &self.policy, self.resumed, purpose)
    }

    /// Looks once, and says what the decision would do next, without doing it: for `check` and the plan. What takes a few
    /// blocks to tell is waited for, no longer.
    pub(crate) fn look_once(&mut self) -> (Facts, Verdict) {
        let standing = self.standing(Purpose::Look);
        let (facts, verdict) = self.settled();
        let verdict = match (standing, verdict) {
            (Err(refusal), _) => Verdict::Refuse(refusal),
            (Ok(()), verdict) if is_last(&verdict) => verdict,
            (Ok(()), verdict) => match preflight::machines(&facts, &self.policy, &mut self.hands) {
                Ok(()) => verdict,
                Err(refusal) => Verdict::Refuse(refusal),
            },
        };
        (facts, verdict)
    }

    fn settled(&mut self) -> (Facts, Verdict) {
        let mut waited = 0;
        loop {
            let facts = self.look();
            let verdict = decide(&facts, &self.policy, &self.progress);
            let short = matches!(&verdict, Verdict::Wait(_)) && !self.progress.kept.proceed;
            let block = facts.chain.block_seconds().clamp(1, 60);
            if !short || waited >= BLOCKS.saturating_mul(block) {
                return (facts, verdict);
            }
            waited = waited.saturating_add(1);
            self.sleep(Duration::from_secs(1));
        }
    }

    /// Once in a session, before its first step; what runs already is only verified.
    pub(super) fn preflight(&mut self, facts: &Facts, verdict: &Verdict) -> Result<Option<End>, JournalError> {
        if self.cleared || self.bakes() || is_last(verdict) {
            return Ok(None);
        }
        let Self { policy, progress, hands, .. } = self;
        if let Err(refusal) = preflight::machines(facts, policy, hands) {
            return self.refused(refusal).map(Some);
        }
        if let Err(error) = preflight::answers(facts, policy, progress, hands) {
            return self.unanswered(&error).map(Some);
        }
        self.cleared = true;
        Ok(None)
    }

    /// Nothing is written down: the folder is another run's, or cannot be written. What an earlier session may have left
    /// armed is disarmed all the same (S12).
    pub(crate) fn refused_unwritten(&mut self, refusal: &Refusal) -> End {
        let (outcome, message) = (Outcome::of(refusal), refusal.to_string());
        let mut end =
            End { refusal: Some(refusal.clone()), ..End::new(outcome, refusal.exit(), message, refusal.next()) };
        if self.resumed.is_none() {
            return end;
        }
        // One that was started and still runs is the one that bakes, whatever became of its permit.
        self.backup_runs = matches!(self.hands.backup.state(), Ok(BakerState::Running { .. }));
        if self.touched() && !self.bakes() {
            self.taken_down().add_to(&mut end);
        }
        let end = self.bakes_on(end);
        self.at_rest(end)
    }
}

/// Does the run end with this, whatever else?
const fn is_last(verdict: &Verdict) -> bool {
    !matches!(verdict, Verdict::Do(_) | Verdict::Ask(_) | Verdict::Wait(_))
}
