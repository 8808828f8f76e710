//! Progress from records: live, and when an interrupted run is taken up again. Only B, statements and the start are
//! remembered; everything else is looked at again (S6).

use super::record::{NOT_LOCKED, Record, StepResult};
use crate::clock::Timestamp;
use crate::decision::policy::CLOCKS_APART;
use crate::decision::{
    Kept, NonceOutcome, Noted, Policy, Progress, Started, Statement, Step, StepKind, WaitFor, Waiting,
};
use crate::jsonl::Entry;
use crate::operator::{Answer, Question};
use crate::permit::RunId;
use crate::signer::{KeyName, Raised};
use crate::state::PlanId;

/// What an earlier session of this run left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviousRun {
    /// The plan's id.
    pub plan: PlanId,
    /// What the run is about.
    pub policy: Policy,
    /// How far it was, as far as that outlives a process.
    pub kept: Kept,
    /// Its name, by which its permit is known; an older version's has none.
    pub run: Option<RunId>,
}

impl PreviousRun {
    /// Reads a run's records; `None` where the first is no beginning.
    #[must_use]
    pub fn of(entries: &[Entry<Record>]) -> Option<Self> {
        let Record::Begin { plan, policy, run, .. } = &entries.first()?.record else { return None };
        let mut progress = Progress::default();
        let mut last = entries.first()?.at;
        for entry in entries {
            // The clock was set back meanwhile: how old what was stated before is, these times do not say (H41).
            if last.since(entry.at) > CLOCKS_APART {
                progress.kept.statements.clear();
            }
            last = entry.at;
            apply(&mut progress, &entry.record, entry.at, false);
        }
        Some(Self { plan: *plan, policy: policy.clone(), kept: progress.kept, run: *run })
    }

    /// Does this record say that the backup's keys were about to be able to sign?
    pub(crate) const fn is_armed_by(record: &Record) -> bool {
        matches!(record, Record::Before { step: Step::Unlock { .. } | Step::Authorize { .. } | Step::Start { .. }, .. })
    }
}

/// Is this run over, so that there is nothing to take up again? Interrupted and failed runs and those that lost their lock
/// can be; done, refused, cancelled and stood-down ones are over. What a later `return` tried changes nothing of that.
#[must_use]
pub fn is_over(entries: &[Entry<Record>]) -> bool {
    entries.iter().rev().find_map(|entry| match &entry.record {
        Record::End(end) => Some(!end.may_be_resumed()),
        // What `return` tried is no step of the run, and leaves it as it was.
        Record::Before { step, .. } | Record::After { step, .. } if step.gives_back() => None,
        Record::Resume { .. } | Record::Before { .. } | Record::After { .. } => Some(false),
        _ => None,
    }) == Some(true)
}

/// Takes a record in. `live`: it was made by this session; else only what is kept changes.
pub fn apply(progress: &mut Progress, record: &Record, at: Timestamp, live: bool) {
    match record {
        Record::Asked { asked, answer } => answered(progress, asked, *answer, at, live),
        Record::Before { step, .. } => {
            if !live && matches!(step, Step::Unlock { .. } | Step::ProvePassphrase { .. }) {
                progress.kept.unlock_since = Some(at);
            }
            before(progress, step, live);
        }
        Record::After { step, result, .. } => after(progress, step, result, live),
        Record::Disarmed { proven: true, .. } => {
            (progress.session.armed, progress.kept.left_armed) = (false, false);
            progress.session.not_locked = None;
        }
        Record::Disarmed { what, .. } if live => {
            progress.session.not_locked = what.iter().find_map(|what| what.strip_prefix(NOT_LOCKED)).map(str::to_owned);
        }
        Record::Wait { head: Some(head), waiting: Waiting { why: WaitFor::Rumour { .. }, .. } } => {
            progress.kept.held_from.get_or_insert(*head);
        }
        _ => {}
    }
}

fn after(progress: &mut Progress, step: &Step, result: &StepResult, live: bool) {
    match result {
        StepResult::Done { raised, nonces, claim, unlocked } => {
            if !live && matches!(step, Step::Unlock { .. } | Step::ProvePassphrase { .. }) {
                progress.kept.unlock_since = None;
            }
            if live && claim.is_some() {
                progress.session.claim.clone_from(claim);
            }
            if live && matches!(step, Step::ProvePassphrase { .. }) {
                progress.session.proved.clone_from(unlocked);
            }
            if let Some(merged) = nonces {
                progress.kept.nonces = Some(NonceOutcome::Merged(merged.clone()));
            }
            done(progress, step, raised, live);
        }
        StepResult::Failed { why, nonces, .. } => {
            if matches!(step, Step::MergeNonces { .. }) {
                progress.kept.nonces = Some(NonceOutcome::Missing { why: why.clone(), theirs: *nonces });
            }
            if !live {
                return;
            }
            let failure = progress.session.failures.entry(step.kind()).or_default();
            *failure = (failure.0.saturating_add(1), why.clone());
            // The device may have been unplugged in it, and plugged in again before the next look (S1b).
            progress.session.holding = false;
        }
    }
}

fn answered(progress: &mut Progress, asked: &Question, answer: Answer, at: Timestamp, live: bool) {
    let yes = answer == Answer::Yes;
    let mut state = |statement| {
        if yes {
            progress.kept.statements.insert(statement, at);
        } else if live {
            progress.session.denied.push(statement);
        }
    };
    match asked {
        Question::Proceed { .. } => progress.kept.proceed = yes,
        Question::Disconnected { .. } => state(Statement::Disconnected),
        Question::PoweredOff { .. } => state(Statement::PoweredOff),
        // S6: a resume asks again what somebody has seen on a screen.
        Question::LedgerSetting if live => progress.session.ledger_setting = Some(yes),
        Question::LedgerSetting => {}
        Question::Unproven { .. } => state(Statement::Unproven),
        Question::NoOtherRun { .. } => state(Statement::NoOtherRun),
        // They are about this machine, and about `return`.
        Question::Unplugged { .. } | Question::NotMoved { .. } => {}
    }
}

fn before(progress: &mut Progress, step: &Step, live: bool) {
    if live {
        *progress.session.tried.entry(step.kind()).or_default() += 1;
    }
    match step {
        Step::Unlock { keys } | Step::Raise { keys, .. } => signers(progress, keys),
        Step::Authorize { key, .. } => signers(progress, std::slice::from_ref(key)),
        _ => {}
    }
    match step {
        // An unlock that was not answered may still happen: armed from here on.
        Step::Unlock { .. } | Step::Authorize { .. } if live => progress.session.armed = true,
        Step::Unlock { .. } | Step::Authorize { .. } | Step::ProvePassphrase { .. } if !live => {
            progress.kept.left_armed = true
        }
        Step::TakePermit => progress.kept.permit = true,
        Step::StopPrimary => {
            progress.kept.stop_sent = true;
            // It baked since: what it committed to meanwhile is fetched too.
            progress.session.tried.remove(&StepKind::MergeNonces);
        }
        Step::Start { floor, marks, path } => {
            // Where no mark had to be raised in between, what was signed since an earlier start stays the backup's own.
            if let Some(started) = progress.kept.started {
                progress.kept.earlier.push((started.marks, *marks));
            }
            progress.kept.started = Some(Started { floor: *floor, marks: *marks, path: *path, complete: false });
            // The start lets the sign interface go before it starts anything, and may fail after that.
            progress.session.holding = false;
        }
        _ => {}
    }
}

/// Keys that can sign from here on, under whatever role.
fn signers(progress: &mut Progress, keys: &[KeyName]) {
    for key in keys {
        if !progress.kept.signers.contains(key) {
            progress.kept.signers.push(key.clone());
        }
    }
}

fn done(progress: &mut Progress, step: &Step, raised: &[Raised], live: bool) {
    if live {
        progress.session.failures.remove(&step.kind());
    }
    match step {
        Step::DisarmBackup => {
            progress.session.fenced_self |= live;
            (progress.session.armed, progress.kept.left_armed) = (false, false);
        }
        Step::HoldSigner if live => progress.session.holding = true,
        // It locks again, and reads back.
        Step::ProvePassphrase { .. } => {
            progress.session.passphrase |= live;
            progress.kept.left_armed = false;
        }
        Step::NoteLevel { head, bound, .. } => {
            progress.kept.noted.get_or_insert(Noted { head: *head, bound: *bound });
        }
        Step::Raise { floor, .. } | Step::Authorize { floor, .. } => {
            if live {
                progress.session.floor = Some(*floor);
            }
            // What the backup signed between an earlier start and this raise stays its own.
            if let (Some(started), Some(raised)) = (progress.kept.started, raised.first()) {
                progress.kept.earlier.push((started.marks, raised.before));
                progress.kept.started = None;
            }
        }
        Step::Start { .. } => {
            if let Some(started) = &mut progress.kept.started {
                started.complete = true;
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::ThisSession;
    use crate::signer::Cap;
    use crate::tezos::Level;

    /// S6: what a session saw and tried itself is in no journal, whatever its records say.
    #[test]
    fn an_earlier_session_leaves_what_is_kept_and_nothing_else() {
        let (at, level) = (Timestamp::from_millis(1), Level::FIRST);
        let keys = vec![KeyName::new("consensus")];
        let failed = StepResult::Failed { why: String::new(), next: String::new(), nonces: None };
        let done = StepResult::Done { raised: Vec::new(), nonces: None, claim: None, unlocked: Vec::new() };
        let raise = Step::Raise { keys: keys.clone(), floor: level, cap: Cap::above(level, 0) };
        let records = [
            Record::Asked { asked: Question::LedgerSetting, answer: Answer::Yes },
            Record::Asked { asked: Question::PoweredOff { name: String::new(), host: None }, answer: Answer::No },
            Record::before(&Step::Unlock { keys }),
            Record::after(&Step::HoldSigner, done.clone()),
            Record::after(&raise, done.clone()),
            Record::after(&raise, failed),
            Record::Disarmed { proven: false, what: vec![format!("{NOT_LOCKED}consensus")] },
        ];
        let [mut before, mut own] = [Progress::default(), Progress::default()];
        for record in &records {
            apply(&mut before, record, at, false);
            apply(&mut own, record, at, true);
        }
        assert_eq!(before.session, ThisSession::default());
        assert!(before.kept.left_armed && before.kept.unlock_since == Some(at) && before.kept.signers.len() == 1);
        // The session itself knows all of it.
        let ThisSession { ledger_setting, denied, armed, holding, floor, failures, tried, not_locked, .. } =
            own.session;
        assert!(armed && !holding && ledger_setting == Some(true) && denied == [Statement::PoweredOff]);
        assert!(floor == Some(level) && failures.len() == 1 && tried.len() == 1 && not_locked.is_some());
    }
}
