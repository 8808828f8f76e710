//! What a run does next: the order in which everything is asked. [`super::ladder`] has the order of the steps.

use super::foreign::foreign;
use super::policy::{self, Policy};
use super::progress::Progress;
use super::refusal::Refusal;
use super::step::Step;
use super::verdict::{Verdict, attempt};
use super::vocabulary::{WaitFor, Waiting};
use super::{arm, fence, gate, permit, prepare, resume};
use crate::facts::Facts;

/// What to do next.
#[must_use]
pub fn decide(facts: &Facts, policy: &Policy, progress: &Progress) -> Verdict {
    let verdict = match next(facts, policy, progress) {
        verdict if arm::must_be_disarmed(facts, progress, &verdict) => attempt(progress, Step::DisarmBackup),
        verdict => verdict,
    };
    match verdict {
        // S15: what is approved carries how old it is.
        Verdict::Do(step) => Verdict::Do(step.on(facts.asked)),
        verdict => verdict,
    }
}

fn next(facts: &Facts, policy: &Policy, progress: &Progress) -> Verdict {
    if let Some(verdict) = alarm(facts, policy, progress) {
        return verdict;
    }
    if let Some(refusal) = permit::lost(facts, progress) {
        return Verdict::Refuse(refusal);
    }
    if let Err(verdict) = open(facts, policy, progress) {
        return verdict;
    }
    // A start that was tried and left its services running is only verified; else all is done again, from S1a on.
    if resume::is_running(facts, progress) {
        return resume::verify(facts, policy, progress);
    }
    if let Some(waiting) = fence::limited(facts, policy) {
        return Verdict::Wait(waiting);
    }
    prepare::prepare(facts, policy, progress).unwrap_or_else(|| arm::fence_and_arm(facts, policy, progress))
}

/// Foreign positions and denunciations come before everything else, whatever is unknown (S8).
fn alarm(facts: &Facts, policy: &Policy, progress: &Progress) -> Option<Verdict> {
    if let Some(signed) = resume::denounced(facts, progress) {
        return Some(Verdict::Denounced(signed));
    }
    let mut found = foreign(facts, progress).certain;
    if !policy.quarantine.is_on() {
        found.retain(|s| progress.kept.started.is_none_or(|started| s.at.level > started.floor));
    }
    if found.is_empty() {
        return None;
    }
    // Before anything was armed, a primary that still signs is a fence that is not there (H4).
    if !progress.session.armed && progress.kept.started.is_none() {
        return Some(Verdict::Refuse(Refusal::NotSilent { signed: found }));
    }
    Some(Verdict::Duplicate(found))
}

fn open(facts: &Facts, policy: &Policy, progress: &Progress) -> Result<(), Verdict> {
    let closed = match gate::open(facts, policy, progress) {
        Ok(()) => return Ok(()),
        Err(closed) => closed,
    };
    match closed {
        gate::Closed::Wait(waiting) => Err(Verdict::Wait(waiting)),
        // In the middle of a run, what may be right again in a moment is waited for.
        gate::Closed::Refuse(refusal) if progress.kept.proceed && refusal.may_pass() => {
            let since = progress.closed_for(facts.now);
            let longest = match refusal {
                Refusal::ProtocolChange { .. } => policy::PROTOCOL_WAIT,
                _ => policy::UNKNOWN,
            };
            if since >= longest {
                return Err(Verdict::Refuse(refusal));
            }
            let left = Some(longest.saturating_sub(since));
            Err(Verdict::Wait(Waiting { why: WaitFor::Known { what: refusal.to_string() }, left }))
        }
        gate::Closed::Refuse(refusal) => Err(Verdict::Refuse(refusal)),
    }
}

/// Is the chain the right one, known, fresh and agreed on, and the primary not contradicted? While it is not, nothing is done but disarming.
#[must_use]
pub fn is_open(facts: &Facts, policy: &Policy, progress: &Progress) -> bool {
    gate::open(facts, policy, progress).is_ok()
}
