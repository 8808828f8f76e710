//! How a run ends: what is taken down, what is said last.

use super::duplicate::{self, Stopped};
use super::{Failover, Record, nonces, refusals};
use crate::baker::BakerState;
use crate::decision::{Kept, Path, Policy, Progress, Refusal, Resumed, StepKind};
use crate::effect::{self, pays};
use crate::facts::Signed;
use crate::journal::JournalError;
use crate::journal::record::{End, Outcome};
use crate::lock::LockError;
use crate::operator::OperatorError;
use crate::permit::PermitError;
use crate::signer::{SignerDevice as _, SignerError};

/// Where a run ends otherwise than it should, and the backup was started before.
pub(crate) const BAKES_ON: &str =
    "; the backup was started and goes on baking; that no other machine signs was not verified";
/// How a last line begins where a prompt still stands on the Ledger's screen.
const REJECT: &str = "reject the prompt on the Ledger's screen, then run";

fn done(policy: &Policy, resumed: Resumed) -> End {
    let Resumed { first, floor, path, .. } = &resumed;
    let message =
        format!("{} bakes on the backup: {} {:#} is on chain, floor {floor:#}", policy.name, first.kind, first.at);
    let next = match path {
        Path::Controlled => {
            "keep `failover watch` running here, and leave the old machine as it is; before it is used again, run \
             `failover standby` there"
        }
        Path::Uncontrolled | Path::Unproven => {
            "keep `failover watch` running here. Before you power the old machine, unplug its signer, then run `failover standby` there. \
             If it is lost or stolen, rotate the consensus and companion keys now"
        }
    };
    End { resumed: Some(resumed.clone()), ..End::new(Outcome::Done, 0, message, next.to_owned()) }
}

impl Failover {
    /// Baking has resumed; and what became of the primary's seed nonces.
    pub(super) fn done(&mut self, resumed: Resumed) -> End {
        let controlled = resumed.path == Path::Controlled;
        let mut end = done(&self.policy, resumed);
        if controlled {
            self.tell_pays(&mut end.next);
        }
        nonces::tell(&mut end, self.progress.kept.nonces.as_ref(), &mut *self.hands.backup, self.policy.chain);
        end
    }

    /// A run that told the primary to stop, or guarded it, told what pays there, too.
    fn tell_pays(&mut self, next: &mut String) {
        let Progress { kept, session } = &self.progress;
        let told = kept.stop_sent || session.tried.contains_key(&StepKind::GuardPrimary);
        if let Some(primary) = self.hands.primary.as_mut().filter(|_| told) {
            next.push_str(&pays::said(&mut **primary));
        }
    }

    /// Was anything done to the backup that has to be taken back?
    pub(super) const fn touched(&self) -> bool {
        let Progress { kept, session } = &self.progress;
        session.armed || kept.left_armed || session.holding || session.fenced_self
    }

    /// Was the backup started, and did it run at the last look?
    pub(super) const fn bakes(&self) -> bool {
        self.progress.kept.started.is_some() && self.backup_runs
    }

    /// The same, where nobody has looked since a step: it is asked, and what does not answer is as it was last seen. One whose
    /// permit was taken away is not to bake: whoever did that may act here by now (S14).
    pub(super) fn still_bakes(&mut self) -> bool {
        use PermitError::{Gone, None, OtherBoot};
        let permit = self.hands.permit.as_ref();
        if permit.is_some_and(|permit| matches!(permit.valid(), Err(Gone { .. } | OtherBoot | None))) {
            return false;
        }
        self.progress.kept.started.is_some()
            && self.hands.backup.state().map_or(self.backup_runs, |state| matches!(state, BakerState::Running { .. }))
    }

    /// Where the backup does not bake, nothing stays armed; where it does, it is the machine that bakes, and goes on.
    fn stand_down_unless_started(&mut self) -> Result<(), JournalError> {
        if self.touched() && !self.bakes() {
            self.disarm()?;
        }
        Ok(())
    }

    fn disarm(&mut self) -> Result<bool, JournalError> {
        let effect::Disarmed { proven, what } = self.taken_down();
        self.record(&Record::Disarmed { proven, what })?;
        Ok(proven)
    }

    /// Disarms, and writes nothing down. From here on nothing bakes here, as far as this run knows.
    pub(super) fn taken_down(&mut self) -> effect::Disarmed {
        self.backup_runs = false;
        effect::disarm(&mut self.hands, &self.clock)
    }

    /// An end that leaves the backup baking says so: to stand it down would stop the only one.
    pub(super) fn bakes_on(&self, mut end: End) -> End {
        if self.bakes() {
            end.message.push_str(BAKES_ON);
            end.next.push_str("; meanwhile keep `failover watch` running");
        }
        end
    }

    /// A run that is over gives its permit back; one that can be taken up again keeps it (S13).
    pub(super) fn end_permit(&self, end: &End) {
        let Some(permit) = self.hands.permit.as_ref().filter(|_| !end.may_be_resumed()) else { return };
        // A permit that stays does no harm: a new run takes it away, and no other holds the run lock.
        let _taken_away_by_the_next = permit.permits.end(&permit.run);
    }

    pub(super) fn refused(&mut self, refusal: Refusal) -> Result<End, JournalError> {
        match refusal {
            // What took the permit away may act here by now: nothing that could sign stays behind, started or not.
            Refusal::Stopped { .. } | Refusal::OtherBoot | Refusal::NoPermit => {
                self.disarm()?;
            }
            _ => self.stand_down_unless_started()?,
        }
        // A run that has begun, or whose primary may be stopped by now, is not ended by what a person can mend.
        let Kept { stop_sent, noted, .. } = self.progress.kept;
        let goes_on =
            matches!(refusal, Refusal::NotReady { .. }) && (self.resumed.is_some() || stop_sent || noted.is_some());
        let outcome = match &refusal {
            refusal if refusal.is_about_the_permit() => Outcome::Stopped,
            _ if goes_on => Outcome::Interrupted,
            refusal => Outcome::of(refusal),
        };
        let mut next = if self.policy.signer_apart { refusal.next_with_signer_apart() } else { refusal.next() };
        if goes_on {
            next.push_str("; `failover resume` goes on with this run");
        }
        if self.progress.kept.stop_sent && self.progress.kept.started.is_none() {
            next.push_str(&refusals::way_back(&refusal));
        }
        self.tell_pays(&mut next);
        let end = End::new(outcome, refusal.exit(), refusal.to_string(), next);
        Ok(self.bakes_on(End { refusal: Some(refusal), ..end }))
    }

    pub(super) fn failed(&mut self, step: StepKind, why: String) -> Result<End, JournalError> {
        self.stand_down_unless_started()?;
        let prompting = self.prompting().is_some();
        let mut next = if self.progress.kept.started.is_some() {
            "look at the backup's baker and node: the primary stays fenced, nothing is signed twice".to_owned()
        } else if prompting {
            format!("{REJECT} `failover resume`, or give the primary its job back with `failover return`")
        } else if step == StepKind::Authorize && self.progress.session.rejected {
            "run `failover resume` to be asked at the Ledger again, or give the primary its job back with `failover return`"
                .to_owned()
        } else if self.progress.kept.stop_sent || self.progress.kept.noted.is_some() {
            "mend it and run `failover resume`, or give the primary its job back with `failover return`".to_owned()
        } else {
            "mend it and run `failover resume`: the primary was not touched".to_owned()
        };
        self.tell_pays(&mut next);
        self.hear()?;
        let said = self.last_complaints().map(|said| format!("; the backup says: {said}")).unwrap_or_default();
        Ok(End::new(Outcome::Failed, 1, format!("{step} failed: {why}{said}"), next))
    }

    /// Another machine signs. S8, S12: disarm first, write down as soon as it can be. `shared`: what may have been signed
    /// twice before.
    pub(super) fn duplicate(&mut self, signed: Vec<Signed>, shared: Vec<Signed>) -> Result<End, JournalError> {
        self.alarm(signed, shared, |signed, stopped, _| duplicate::end(signed, stopped))
    }

    /// The chain has proof that something was signed twice: it is the same alarm.
    pub(super) fn denounced(&mut self, signed: Vec<Signed>) -> Result<End, JournalError> {
        self.alarm(signed, Vec::new(), duplicate::denounced_after_the_start)
    }

    fn alarm(
        &mut self,
        signed: Vec<Signed>,
        shared: Vec<Signed>,
        end: impl FnOnce(&[Signed], &Stopped, &Policy) -> End,
    ) -> Result<End, JournalError> {
        self.backup_runs = false;
        let Self { hands, clock, state, policy, .. } = self;
        let stopped = duplicate::stop(hands, clock, state, policy, &signed);
        let mut end = end(&signed, &stopped, policy);
        duplicate::add_shared(&mut end, &shared);
        // It is latched: that it cannot be written down makes it no other end.
        self.alarmed = Some(end.clone());
        let effect::Disarmed { proven, what } = stopped.disarmed;
        self.record(&Record::Duplicate { signed, shared })?;
        self.record(&Record::Disarmed { proven, what })?;
        Ok(end)
    }

    pub(super) fn cancelled(&mut self) -> Result<End, JournalError> {
        // A start may lie between the last look and the signal.
        self.backup_runs = self.still_bakes();
        self.stand_down_unless_started()?;
        // Nothing was done that a resume could go on with.
        if !self.progress.kept.permit {
            return self.refused(Refusal::Cancelled);
        }
        let mut message = "stopped by the person".to_owned();
        let mut next = "run `failover resume` to go on, or `failover stand-down`".to_owned();
        if let Some(error) = self.prompting() {
            message = format!("{message}; {error}");
            next = format!("{REJECT} `failover resume` to go on, or `failover stand-down`");
        }
        Ok(self.bakes_on(End::new(Outcome::Interrupted, 6, message, next)))
    }

    /// What this session has asked for at the Ledger, where it still stands on its screen. A later press authorizes
    /// the key, so the prompt has to go first (H10).
    fn prompting(&mut self) -> Option<SignerError> {
        let asked = self.progress.session.tried.contains_key(&StepKind::Authorize);
        let read = if asked { self.hands.device.state() } else { return None };
        read.err().filter(|error| matches!(error, SignerError::Prompting { .. }))
    }

    /// Somebody else may be at it by now (S7): nothing that could sign stays behind (S12).
    pub(super) fn lock_lost(&mut self, error: &LockError) -> Result<End, JournalError> {
        let mut message = error.to_string();
        if !self.bakes() {
            self.disarm()?;
        } else {
            message.push_str(BAKES_ON);
        }
        Ok(End::new(Outcome::Locked, 7, message, error.next().to_owned()))
    }

    pub(super) fn unanswered(&mut self, error: &OperatorError) -> Result<End, JournalError> {
        self.stand_down_unless_started()?;
        let (outcome, exit, next) = match error {
            OperatorError::NoTerminal { .. } => {
                (Outcome::Usage, 2, "give the answer by the flag named above, and run again")
            }
            // Nothing was done that a resume could go on with.
            _ if !self.progress.kept.permit => (Outcome::Cancelled, 8, "nothing was done; run again when ready"),
            _ => (Outcome::Interrupted, 6, "run `failover resume` to go on, or `failover stand-down`"),
        };
        Ok(End::new(outcome, exit, error.to_string(), next.to_owned()))
    }

    /// The journal cannot be written: nothing armed stays behind, and the run can be taken up again.
    pub(super) fn interrupted(&mut self, error: &JournalError) -> End {
        if let Some(mut end) = self.alarmed.clone() {
            end.message.push_str(&format!("; and this is not written down: {error}"));
            return self.at_rest(end);
        }
        let mut end = End::new(Outcome::Interrupted, 6, error.to_string(), error.next().to_owned());
        if self.begun && matches!(error, JournalError::Full { .. } | JournalError::Write { .. }) {
            end.next.push_str(": `failover resume` goes on from what is written down");
        }
        self.backup_runs = self.still_bakes();
        if self.touched() && !self.bakes() {
            self.taken_down().add_to(&mut end);
        }
        let end = self.bakes_on(end);
        self.at_rest(end)
    }
}
