//! After the start: has baking resumed, and is every signature the backup's own?

use std::time::Duration;

use super::foreign::{Whose, consensus_marks, foreign, whose};
use super::ladder::StepKind;
use super::policy::{LOCKED, Policy, RESUME_LEVELS, SETTLED, SILENT_LIMIT, STEADY};
use super::progress::{Progress, Started};
use super::refusal::evidence;
use super::verdict::{Resumed, Verdict};
use super::vocabulary::{WaitFor, Waiting};
use crate::facts::{Activity, Arming, BakerState, Denunciation, Facts, GuardState, Mark, Signed};
use crate::tezos::{Kind, Level, Position, Round};

/// Was the baker started by this run, and is it still running, with a signer that can sign? One that lost its plug after the
/// start is locked: a baker waits for it in vain, so that all is done again.
pub(crate) fn is_running(facts: &Facts, progress: &Progress) -> bool {
    let running = match &facts.backup.services {
        Ok(seen) => matches!(seen.value, BakerState::Running { .. }),
        // Unknown is not stopped: it is looked at again, not started again.
        Err(_) => progress.session.holding || progress.session.armed,
    };
    let started = progress.kept.started.is_some_and(|started| started.complete || running);
    let left = || progress.session.tried.contains_key(&StepKind::Start) && !is_locked(facts, progress);
    started && running && (left() || may_bake(facts, progress))
}

/// Can no key of the backup's signer sign, for longer than a service of its own needs to unlock them?
fn is_locked(facts: &Facts, progress: &Progress) -> bool {
    facts.backup.device.is_ok() && progress.session.locked_since.is_some_and(|since| facts.now.since(since) >= LOCKED)
}

/// May the backup bake as an earlier session left it? Not where it is guarded or its keys cannot sign, as after a
/// reboot, nor where it has had the rights for long enough and did nothing, or does nothing any more: then all is done
/// again.
fn may_bake(facts: &Facts, progress: &Progress) -> bool {
    let guarded = matches!(&facts.backup.guard, Ok(seen) if seen.value == GuardState::Guarded);
    let disarmed = match &facts.backup.device {
        Ok(seen) => seen.value.keys.iter().all(|key| key.arming != Arming::Armed),
        Err(_) => false,
    };
    let Some(started) = progress.kept.started else { return false };
    let idle = match own(facts, progress) {
        None => with_rights(facts, signs_above(&started)) >= RESUME_LEVELS,
        Some(_) => {
            !is_steady(facts, progress, &started) && with_rights(facts, watched(progress, &started)) >= RESUME_LEVELS
        }
    };
    !guarded && !disarmed && !idle
}

/// Settled levels above one in which the baker had rights.
fn with_rights(facts: &Facts, above: Level) -> u64 {
    let Ok(activity) = &facts.chain.activity else { return 0 };
    activity.value.settled.iter().filter(|l| l.level > above && l.rights).count() as u64
}

/// Above this the backup can sign: the floor, or its device's marks, where those were higher already; so far as silence is
/// counted, and no further.
fn signs_above(started: &Started) -> Level {
    let marks = Kind::ALL.into_iter().filter_map(|kind| started.marks.of(kind).0);
    let lowest = marks.map(|at| at.level).min().unwrap_or(started.floor);
    lowest.clamp(started.floor, started.floor.above(SILENT_LIMIT))
}

/// Above this the session has watched the missed levels itself: what was missed before it says nothing of now.
fn watched(progress: &Progress, started: &Started) -> Level {
    progress.session.watched_from.unwrap_or(started.floor).max(signs_above(started))
}

/// What was signed twice, where the baker was denounced after the start: before it, that is a refusal. Forbidden is no
/// different, as nothing but a denunciation makes a baker so; then it is the last thing that it signed that is named.
pub(crate) fn denounced(facts: &Facts, progress: &Progress) -> Option<Vec<Signed>> {
    let started = progress.kept.started?;
    let delegate = &facts.chain.delegate.as_ref().ok()?.value;
    let last = || {
        let last = facts.chain.seen().max_by_key(|signed| signed.at);
        last.map_or((Kind::Block, Position::start_of(started.floor)), |signed| (signed.kind, signed.at))
    };
    let signed = |(kind, at), seen_in| Signed { kind, at, seen_in };
    let proven = |denunciation: &Denunciation| {
        signed(denunciation.what.unwrap_or_else(last), format!("a denunciation: {}", evidence(denunciation)))
    };
    if !delegate.denunciations.is_empty() {
        return Some(delegate.denunciations.iter().map(proven).collect());
    }
    let forbidden = "the chain's statement that the baker is forbidden since then; this is the last that it signed";
    delegate.forbidden.then(|| vec![signed(last(), forbidden.to_owned())])
}

/// Levels with rights between these two, both left out, in which nothing is on chain. They were all judged by then, and
/// what is signed there is nobody's: a baker that ends well signed none of them.
fn unvoted(activity: &Activity, above: Level, below: Level) -> u64 {
    let between = activity.settled.iter().filter(|l| l.level > above && l.level < below);
    between.filter(|l| l.rights && l.signed.is_empty()).count() as u64
}

/// The end of the procedure: the backup's own mark passed the floor, that position is on chain, every level up to the
/// floor was judged, nothing was foreign, and the baker may bake and misses no more levels.
pub(super) fn verify(facts: &Facts, policy: &Policy, progress: &Progress) -> Verdict {
    let (Some(started), Some(noted), Ok(activity), Ok(head), Ok(delegate)) =
        (progress.kept.started, progress.kept.noted, &facts.chain.activity, &facts.chain.head, &facts.chain.delegate)
    else {
        return Verdict::Wait(Waiting { why: WaitFor::Known { what: "the chain".to_owned() }, left: None });
    };
    if delegate.value.deactivated {
        let why = format!(
            "the chain says that {} is deactivated: it has no rights until it is registered again",
            policy.baker
        );
        return Verdict::Failed { step: StepKind::Verify, why };
    }
    let (floor, head) = (started.floor, head.value.level);
    let judged = judged(&activity.value, noted.bound);
    let (first, missed_levels) = (own(facts, progress), delegate.value.missed_levels);
    let steady = is_steady(facts, progress, &started);
    if let Some(first) = &first
        && judged.is_some_and(|level| level >= floor)
        && foreign(facts, progress).undecided.is_empty()
        && steady
    {
        let unvoted = Some(unvoted(&activity.value, noted.bound, first.at.level));
        return Verdict::Done(Resumed {
            first: first.clone(),
            floor,
            missed_levels,
            head: Some(head),
            unvoted,
            path: started.path,
        });
    }
    // A first signature is waited for where the device can make one, what follows it above where this session began to
    // watch.
    let above = if first.is_some() { watched(progress, &started) } else { signs_above(&started) };
    let with_rights = with_rights(facts, above);
    if with_rights >= RESUME_LEVELS || judged.is_some_and(|level| level > above.above(SILENT_LIMIT)) {
        let (step, what) = match (&first, missed_levels) {
            (None, _) => (StepKind::Start, "nothing that the backup signed is on chain".to_owned()),
            (Some(_), Some(missed)) => {
                (StepKind::Verify, format!("the missed levels did not stop growing, {missed} by now,"))
            }
            (Some(_), None) => (StepKind::Verify, "how many levels were missed was not known".to_owned()),
        };
        return Verdict::Failed { step, why: format!("{what} in {with_rights} levels with rights above {above:#}") };
    }
    let block = facts.chain.block_seconds();
    let left = floor.above(SETTLED).since(head);
    let why = match judged {
        Some(level) if level >= floor && first.is_some() && !steady => WaitFor::Steady { missed: missed_levels },
        Some(level) if level >= floor => WaitFor::Baking { floor, head },
        _ => WaitFor::Quarantine { judged, floor },
    };
    Verdict::Wait(Waiting { why, left: (left > 0).then(|| Duration::from_secs(block.saturating_mul(left + 1))) })
}

/// Have the missed levels stopped growing? The count is the same as at an earlier head, and in between the baker had
/// rights above the floor: so it attested there. It proves nothing about levels without rights, nor about another
/// cycle.
fn is_steady(facts: &Facts, progress: &Progress, started: &Started) -> bool {
    let (Some(missed), Ok(activity), Ok(delegate)) =
        (progress.session.missed, &facts.chain.activity, &facts.chain.delegate)
    else {
        return false;
    };
    // A head counts the levels below it.
    let counted = |level: Level| level >= missed.since.max(started.floor) && level < delegate.value.level;
    activity.value.settled.iter().filter(|l| l.rights && counted(l.level)).count() as u64 >= STEADY
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
    let started = progress.kept.started?;
    let now = consensus_marks(facts).or(progress.session.own_marks)?;
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
