//! After the start: has baking resumed, and is every signature the backup's own?

use std::time::Duration;

use super::foreign::{Whose, consensus_marks, foreign, whose};
use super::policy::{RESUME_LEVELS, SETTLED, SILENT_LIMIT};
use super::progress::Progress;
use super::{Resumed, Verdict, WaitFor, Waiting};
use crate::facts::{Activity, Arming, BakerState, Facts, GuardState, Mark, Signed};
use crate::tezos::{Level, Position, Round};

/// Was the baker started by this run, and is it still running?
pub(super) fn is_running(facts: &Facts, progress: &Progress) -> bool {
    let running = match &facts.backup.services {
        Ok(seen) => matches!(seen.value, BakerState::Running { .. }),
        // Unknown is not stopped: it is looked at again, not started again.
        Err(_) => progress.holding || progress.armed,
    };
    let started = progress.started.is_some_and(|started| started.complete || running);
    started && running && (progress.tried.contains_key("start") || may_bake(facts, progress))
}

/// May the backup bake as an earlier session left it? Not where it is guarded or its keys cannot sign, as after a
/// reboot, nor where it has had the rights for long enough and did nothing: then all is done again.
fn may_bake(facts: &Facts, progress: &Progress) -> bool {
    let guarded = matches!(&facts.backup.guard, Ok(seen) if seen.value == GuardState::Guarded);
    let disarmed = match &facts.backup.device {
        Ok(seen) => seen.value.keys.iter().all(|key| key.arming != Arming::Armed),
        Err(_) => false,
    };
    let idle = own(facts, progress).is_none() && with_rights(facts, progress) >= RESUME_LEVELS;
    !guarded && !disarmed && !idle
}

/// Settled levels above the floor in which the baker had rights.
fn with_rights(facts: &Facts, progress: &Progress) -> u64 {
    let (Ok(activity), Some(started)) = (&facts.chain.activity, progress.started) else { return 0 };
    activity.value.settled.iter().filter(|l| l.level > started.floor && l.rights).count() as u64
}

/// The end of the procedure: the backup's own mark passed the floor, that position is on chain, every level up to the
/// floor was judged, and nothing was foreign.
pub(super) fn verify(facts: &Facts, progress: &Progress) -> Verdict {
    let (Some(started), Some(noted), Ok(activity), Ok(head)) =
        (progress.started, progress.noted, &facts.chain.activity, &facts.chain.head)
    else {
        return Verdict::Wait(Waiting { why: WaitFor::Known { what: "the chain".to_owned() }, left: None });
    };
    let (floor, head) = (started.floor, head.value.level);
    let judged = judged(&activity.value, noted.bound);
    let first = own(facts, progress);
    if let Some(first) = first
        && judged.is_some_and(|level| level >= floor)
        && foreign(facts, progress).undecided.is_empty()
    {
        return Verdict::Done(Resumed { first, floor, path: started.path });
    }
    let with_rights = with_rights(facts, progress);
    if with_rights >= RESUME_LEVELS || judged.is_some_and(|level| level > floor.above(SILENT_LIMIT)) {
        let why =
            format!("nothing that the backup signed is on chain in {with_rights} levels with rights above {floor}");
        return Verdict::Failed { step: "start", why };
    }
    let block = facts.chain.constants.as_ref().map_or(6, |c| c.value.block_seconds);
    let left = floor.above(SETTLED).since(head);
    let why = if judged.is_some_and(|level| level >= floor) {
        WaitFor::Baking { floor, head }
    } else {
        WaitFor::Quarantine { judged, floor }
    };
    Verdict::Wait(Waiting { why, left: (left > 0).then(|| Duration::from_secs(block.saturating_mul(left + 1))) })
}

/// The last level of the unbroken run of judged levels above B.
fn judged(activity: &Activity, bound: Level) -> Option<Level> {
    let mut last = None;
    for level in activity.settled.iter().filter(|l| l.level > bound) {
        let expected = last.map_or(bound.above(1), |l: Level| l.above(1));
        if level.level != expected {
            break;
        }
        last = Some(level.level);
    }
    last
}

/// The first settled position on chain that is the backup's own, once its own mark has passed the floor. A vote at the
/// floor itself proves nothing: a Ledger's mark there does not say whether it voted, and a primary that came back may
/// have.
fn own(facts: &Facts, progress: &Progress) -> Option<Signed> {
    let started = progress.started?;
    let now = consensus_marks(facts).or(progress.own_marks)?;
    let passed = |mark: Mark| mark.0.is_some_and(|p| p.level > started.floor || p.round > Round(0));
    let activity = &facts.chain.activity.as_ref().ok()?.value;
    let mut signed = activity.settled.iter().flat_map(|l| &l.signed);
    signed
        .find(|s| {
            s.at > Position::start_of(started.floor)
                && passed(now.of(s.kind))
                && matches!(whose(s, facts, progress, Some(now)), Whose::Ours)
        })
        .cloned()
}
