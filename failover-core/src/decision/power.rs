//! A primary that answers, while its power status or a person says that it is off: one of the two is wrong (H38).

use super::policy::{ANSWERED, Policy};
use super::progress::Progress;
use super::refusal::Refusal;
use super::vocabulary::Statement;
use crate::facts::{Facts, Power};

/// Refuses where the primary answered after something had said that it is off, in this look or lately.
///
/// # Errors
/// [`Refusal::AnswersThough`].
pub(super) fn contradicted(facts: &Facts, policy: &Policy, progress: &Progress) -> Result<(), Refusal> {
    let here = facts.primary.services.as_ref().ok().map(|seen| seen.at);
    let Some(answered) = here.max(progress.session.answered).filter(|at| facts.now.since(*at) <= ANSWERED) else {
        return Ok(());
    };
    let primary = facts.primary.services.as_ref().map_or("the primary", |seen| &seen.source);
    let found = |says: String, status| Refusal::AnswersThough { primary: primary.to_owned(), says, status };
    if let Ok(seen) = &facts.primary.power
        && seen.value == Power::Off
        && !policy.leaves_out_power()
        // The power status is read before the services are: off first, then an answer.
        && answered >= progress.session.power_off_since.unwrap_or(seen.at)
    {
        return Err(found(format!("its power status ({}) says", seen.source), true));
    }
    match progress.stated(Statement::PoweredOff, facts.now) {
        // An answer from before the statement is no contradiction: that is when it was switched off.
        Some(stated) if answered > stated => Err(found("a person said".to_owned(), false)),
        _ => Ok(()),
    }
}
