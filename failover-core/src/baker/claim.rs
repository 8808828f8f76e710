//! Claims on a machine and giving it its job back (S13); and the claim itself: one script there, as root.
//!
//! | argv | what is read from it |
//! |---|---|
//! | `sh -c CLAIM failover-permit ROOT BAKER LOCK RUN CLAIM REPLACE ASKED SECONDS BY HERE`, as root | exit 0 and a last line, see [`script::CLAIM`] |

use super::elevation::{self, Elevation};
use super::{BakerError, GiveBackOrder, GivenBack};
use crate::host::{Host, HostError};
use crate::lock::Holder;
use crate::permit::{ClaimAnswer, ClaimOrder, Root, script};

/// Keeps the runs for one baker apart, each from its own machine: at most one of them lives (S13).
pub trait Claims {
    /// Claims that machine for a run: in one script there, every permit is taken away and the claim left, unless something
    /// there speaks against it. Where no script runs, that is the answer.
    ///
    /// # Errors
    /// See [`BakerError`]; what was done is then unknown.
    fn claim(&mut self, order: &ClaimOrder) -> Result<ClaimAnswer, BakerError>;

    /// Gives that machine its job back, only while a permit of this order is there (S13 (c), H40): a script there leaves the
    /// permit, and another lifts the guard, puts the unlock secret back and starts what bakes, under that machine's effect
    /// lock. Where no script runs, that is the answer, and nothing was done.
    ///
    /// # Errors
    /// See [`BakerError`]; what was done is then unknown. [`BakerError::Failed`] names the part that failed.
    fn give_back(&mut self, order: &GiveBackOrder) -> Result<GivenBack, BakerError>;
}

/// Claims the machine behind `host`, whose permits lie under `root`.
pub(super) fn claim<H: Host + ?Sized>(
    host: &mut H,
    elevation: &mut Elevation,
    root: &Root,
    order: &ClaimOrder,
) -> Result<ClaimAnswer, BakerError> {
    let folder = root.path().to_string_lossy();
    let lock = lock_file(root, &order.baker);
    let none = || "-".to_owned();
    let (replace, asked) =
        (order.replace.map_or_else(none, |run| run.to_string()), order.asked.map_or_else(none, |run| run.to_string()));
    // The rest of the deadline is for the way there and back.
    let seconds = if order.look { 0 } else { (order.deadline.as_secs() / 2).max(1) }.to_string();
    let (run, claim) = (order.claim.run.to_string(), order.claim.line());
    let by = format!("a run of {}", order.claim.who);
    let argv = [
        "sh",
        "-c",
        script::CLAIM,
        script::NAME,
        &folder,
        &order.baker,
        &lock,
        &run,
        &claim,
        &replace,
        &asked,
        &seconds,
        &by,
        &order.here,
    ];
    // What only looks takes no claim away and leaves none.
    let said = match order.look {
        true => elevation.ask(host, &argv, order.deadline),
        false => elevation.run(host, &argv, order.deadline),
    };
    let out = match said {
        Ok(out) => out,
        Err(BakerError::Host(HostError::NotRun { why, .. })) => return Ok(ClaimAnswer::Unasked { why }),
        Err(error) => return Err(error),
    };
    let unclear = |why: String| BakerError::Unclear { host: host.name().to_owned(), why };
    match out.code {
        0 => script::answer(&out.stdout).map(named).map_err(unclear),
        127 => Ok(ClaimAnswer::Unasked { why: format!("no script runs there: {}", elevation::last_words(&out)) }),
        code => Err(unclear(format!("the claim exits {code}: {}", elevation::last_words(&out)))),
    }
}

/// The run lock of a baker on a machine, where it is on a real one and where on a simulated one.
pub(super) fn lock_file(root: &Root, baker: &str) -> String {
    let folder = if root.is_usual() { "/run/lock".into() } else { root.path().to_string_lossy() };
    format!("{folder}/failover-{baker}.lock")
}

/// Who holds the run lock there, for a person.
pub(super) fn named(answer: ClaimAnswer) -> ClaimAnswer {
    match answer {
        ClaimAnswer::RunThere { holder } => {
            let known = serde_json::from_str::<Holder>(&holder).map(|holder| holder.to_string());
            ClaimAnswer::RunThere { holder: known.unwrap_or(holder) }
        }
        answer => answer,
    }
}
