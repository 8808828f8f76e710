//! The permit by which a run lives, and its claim on the other machine (S13): before anything is touched, and at every look
//! until the end of the verification.

use super::ladder::StepKind;
use super::policy::{CLAIM, CLAIM_EMERGENCY, Policy, TRIES};
use super::progress::Progress;
use super::ready::ready;
use super::refusal::{Refusal, THIS_MACHINE};
use super::step::Step;
use super::verdict::{Verdict, attempt};
use super::vocabulary::Statement;
use crate::facts::{Claim, ClaimAnswer, Facts, PermitState, Question, Unknown};

/// Was the permit of this run taken away, or the right to make one, is it void, or was there none before it was taken up
/// again? Then it ends, disarmed, whatever else is so. Unknown is not gone: nothing arms meanwhile.
pub(super) fn lost(facts: &Facts, progress: &Progress) -> Option<Refusal> {
    if !progress.kept.permit && progress.session.resumed {
        return Some(Refusal::NoPermit);
    }
    let gone = |by: Option<&String>| {
        let claim = facts.backup.claims.as_ref().ok().and_then(|seen| seen.value.first().cloned());
        Refusal::Stopped { by: by.cloned(), claim: claim.map(Box::new), resumed: progress.session.resumed }
    };
    match &facts.backup.permit.as_ref().ok()?.value {
        PermitState::Valid => None,
        PermitState::Gone { by } => Some(gone(by.as_ref())),
        PermitState::NotMade => progress.kept.permit.then(|| gone(None)),
        PermitState::OtherBoot => Some(Refusal::OtherBoot),
    }
}

/// What speaks against a claim and could be seen before anything was done (S17).
pub(super) fn before(facts: &Facts, policy: &Policy) -> Result<(), Refusal> {
    let Ok(seen) = &facts.primary.standing else { return Ok(()) };
    let over = match &seen.value {
        ClaimAnswer::Made { over } | ClaimAnswer::Free { over } | ClaimAnswer::Stands { over } => *over == Some(true),
        ClaimAnswer::Unasked { .. } | ClaimAnswer::Busy { .. } => false,
        ClaimAnswer::Claimed { by } if policy.says_over(by) => false,
        against => return Err(refusal(against, policy)),
    };
    match &facts.backup.claims {
        Ok(standing) => over_here(&standing.value, policy, over),
        Err(_) => Ok(()),
    }
}

/// Whether what came of a claim lets a lift by hand go on, as it would a run. A machine that could not be asked is for a
/// person to speak of.
///
/// # Errors
/// It does not.
pub fn claimed(answer: &ClaimAnswer, standing: &[Claim], policy: &Policy) -> Result<(), Refusal> {
    match answer {
        ClaimAnswer::Made { over } => over_here(standing, policy, *over == Some(true)),
        against => Err(refusal(against, policy)),
    }
}

fn refusal(answer: &ClaimAnswer, policy: &Policy) -> Refusal {
    let host = policy.primary.clone();
    match answer {
        ClaimAnswer::RunThere { holder } | ClaimAnswer::Busy { holder } => {
            Refusal::RunThere { host, holder: holder.clone() }
        }
        ClaimAnswer::Older { version } => Refusal::OlderThere { host, version: version.clone() },
        ClaimAnswer::Claimed { by } => Refusal::Claimed { on: host, by: Box::new(by.clone()) },
        ClaimAnswer::Itself => {
            Refusal::WrongHost { why: format!("{host} is this machine itself: primary and backup must be two") }
        }
        ClaimAnswer::Made { .. } | ClaimAnswer::Free { .. } | ClaimAnswer::Stands { .. } => {
            Refusal::NotExcluded { host, why: "it was looked at, and not claimed".to_owned() }
        }
        ClaimAnswer::Unasked { why } => Refusal::NotExcluded { host, why: why.clone() },
    }
}

/// What is missing of permit and claim; `None`: nothing.
pub(super) fn next(facts: &Facts, policy: &Policy, progress: &Progress) -> Result<Option<Verdict>, Verdict> {
    let state = ready(&facts.backup.permit, "this run's permit", facts, progress)?;
    let standing = ready(&facts.backup.claims, "what claims this machine", facts, progress)?;
    if !progress.kept.permit {
        return match (state, progress.session.resumed) {
            (PermitState::NotMade, false) => Ok(Some(attempt(progress, Step::TakePermit))),
            _ => Err(Verdict::Refuse(Refusal::NoPermit)),
        };
    }
    let Some(answer) = &progress.session.claim else { return claim(policy, progress).map(Some) };
    match answer {
        ClaimAnswer::Claimed { by } if policy.says_over(by) => claim(policy, progress).map(Some),
        ClaimAnswer::Made { over } => {
            over_here(standing, policy, *over == Some(true)).map_err(Verdict::Refuse)?;
            kept(facts, policy, progress)
        }
        // It answers by now: it is asked again.
        ClaimAnswer::Unasked { .. } if facts.primary.services.is_ok() && may_be_asked(progress) => {
            claim(policy, progress).map(Some)
        }
        ClaimAnswer::Unasked { why } => {
            over_here(standing, policy, false).map_err(Verdict::Refuse)?;
            excluded(facts, policy, progress, why)
        }
        against => Err(Verdict::Refuse(refusal(against, policy))),
    }
}

/// This run's claim was made, and is looked for as long as the primary answers: a copy of this machine, or a person, could
/// take it away. Where nothing stands in its place it is made again.
fn kept(facts: &Facts, policy: &Policy, progress: &Progress) -> Result<Option<Verdict>, Verdict> {
    match facts.primary.standing.as_ref().map(|seen| &seen.value) {
        Err(_) | Ok(ClaimAnswer::Stands { .. } | ClaimAnswer::Made { .. } | ClaimAnswer::Unasked { .. }) => Ok(None),
        Ok(ClaimAnswer::Free { .. }) if may_be_asked(progress) => claim(policy, progress).map(Some),
        Ok(ClaimAnswer::Claimed { by }) if policy.says_over(by) && may_be_asked(progress) => {
            claim(policy, progress).map(Some)
        }
        Ok(against) => Err(Verdict::Refuse(refusal(against, policy))),
    }
}

/// A claim of another run stands here until that run's machine says that it is over, or a person does.
fn over_here(standing: &[Claim], policy: &Policy, said: bool) -> Result<(), Refusal> {
    match standing.iter().find(|claim| !said && !policy.says_over(claim)) {
        Some(by) => Err(Refusal::Claimed { on: THIS_MACHINE.to_owned(), by: Box::new(by.clone()) }),
        None => Ok(()),
    }
}

/// A machine that was not asked is not excluded: a person says that nobody runs failover there.
fn excluded(facts: &Facts, policy: &Policy, progress: &Progress, why: &str) -> Result<Option<Verdict>, Verdict> {
    let host = policy.primary.clone();
    if progress.stated(Statement::NoOtherRun, facts.now).is_some() {
        return Ok(None);
    }
    if progress.session.denied.contains(&Statement::NoOtherRun) {
        return Err(Verdict::Refuse(Refusal::NotExcluded { host, why: why.to_owned() }));
    }
    Ok(Some(Verdict::Ask(Question::NoOtherRun { host })))
}

fn may_be_asked(progress: &Progress) -> bool {
    progress.session.tried.get(&StepKind::Claim).is_none_or(|tried| *tried < TRIES)
}

/// Nothing was touched yet: what cannot be understood there is refused, with its words.
fn claim(policy: &Policy, progress: &Progress) -> Result<Verdict, Verdict> {
    match progress.failed(StepKind::Claim) {
        Some((n, why)) if *n >= TRIES => {
            let next = format!(
                "look at /var/lib/failover/machine on {}: where no run is in progress there, remove the file in `claims` that cannot be \
                 read, then run again",
                policy.primary
            );
            let unknown = Unknown { why: why.clone(), next };
            Err(Verdict::Refuse(Refusal::Unknown { what: format!("who acts on {}", policy.primary), unknown }))
        }
        _ => Ok(attempt(
            progress,
            Step::Claim {
                over: policy.claims_over.clone(),
                seconds: if policy.emergency { CLAIM_EMERGENCY } else { CLAIM },
            },
        )),
    }
}
