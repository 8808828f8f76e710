//! A fact of the backup, or what its absence means.

use super::ladder::StepKind;
use super::policy::{PROMPT, UNKNOWN};
use super::progress::Progress;
use super::refusal::Refusal;
use super::verdict::Verdict;
use super::vocabulary::{WaitFor, Waiting};
use crate::facts::{Fact, Facts};

/// What the backup's device is called.
pub(super) const SIGNER: &str = "the backup's signer";

/// A fact of the backup. Before anything was done its absence means "not ready"; in the middle of a run it is waited
/// for, and then the run fails (H22).
pub(super) fn ready<'a, T>(
    fact: &'a Fact<T>,
    what: &str,
    facts: &Facts,
    progress: &Progress,
) -> Result<&'a T, Verdict> {
    let unknown = match fact {
        Ok(seen) => return Ok(&seen.value),
        Err(unknown) => unknown,
    };
    let what = what.to_owned();
    if !progress.kept.proceed || progress.session.tried.is_empty() {
        return Err(Verdict::Refuse(Refusal::NotReady { what, unknown: unknown.clone() }));
    }
    let since = progress.unknown_for(facts.now);
    // A Ledger answers nothing while a prompt is on its screen, and a late press is taken where it is the right one.
    let longest =
        if what == SIGNER && progress.session.tried.contains_key(&StepKind::Authorize) { PROMPT } else { UNKNOWN };
    if since < longest {
        let why = WaitFor::Known { what: format!("{what}: {unknown}") };
        return Err(Verdict::Wait(Waiting { why, left: Some(longest.saturating_sub(since)) }));
    }
    Err(Verdict::Failed { step: StepKind::Look, why: format!("{what}: {unknown}") })
}
