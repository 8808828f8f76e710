//! The fence, rung by rung, and what is enough.

use std::collections::BTreeSet;
use std::time::Duration;

use super::foreign::{Whose, consensus_marks, whose};
use super::ladder::StepKind;
use super::policy::{
    Policy, RESTART_SLACK, SETTLED, SILENT_CONTROLLED, SILENT_LIMIT, SILENT_UNCONTROLLED, SILENT_UNPROVEN, TRIES,
    UNCONTROLLED_WAIT, UNPROVEN_WAIT,
};
use super::progress::Progress;
use super::rung::{Rung, RungKind};
use super::vocabulary::{Path, Statement, WaitFor, Waiting, Word};
use crate::facts::{BakerState, Facts, LIMITED, LevelActivity};
use crate::tezos::Level;

mod remote_fence;

use remote_fence::{disarmed, guarded};

/// The silence of the primary, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Silence {
    /// Settled levels read completely above where the count begins.
    pub levels: u64,
    /// Of these, levels in which the baker had rights and nothing foreign was signed.
    pub silent: u64,
}

/// The fence as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// Which set of rungs is needed.
    pub path: Path,
    /// Why this path.
    pub why: String,
    /// Every rung that this path looks at.
    pub rungs: Vec<Rung>,
    /// Something stands for the cable: a person's word, the power status, or keys that read back disarmed for good.
    pub said: bool,
    /// Everything but silence and waiting is proven.
    pub but_time: bool,
    /// All is proven: the backup may sign.
    pub approved: bool,
    /// The count of silent levels.
    pub silence: Silence,
    /// How many are needed.
    pub silence_needed: u64,
    /// How much of the waiting is left.
    pub wait_left: Duration,
}

/// Which path: controlled where the primary's services are known and can be stopped.
#[must_use]
pub(super) fn path(facts: &Facts, policy: &Policy, progress: &Progress) -> (Path, String) {
    if progress.word(facts.now).is_none() && progress.stated(Statement::Unproven, facts.now).is_some() {
        return (Path::Unproven, "nothing proves that the primary is off".to_owned());
    }
    if policy.emergency {
        return (Path::Uncontrolled, "--emergency: the primary is not to be controlled".to_owned());
    }
    if let Some((n, why)) = progress.failed(StepKind::StopPrimary)
        && *n >= TRIES
    {
        return (Path::Uncontrolled, format!("the primary could not be stopped: {why}"));
    }
    if progress.session.tried.get(&StepKind::StopPrimary).is_some_and(|n| *n > TRIES)
        && matches!(&facts.primary.services, Ok(seen) if matches!(seen.value, BakerState::Running { .. }))
    {
        return (Path::Uncontrolled, "what signs on the primary starts again by itself".to_owned());
    }
    match &facts.primary.services {
        Ok(seen) => (Path::Controlled, format!("{} answers{}", seen.source, copied(facts))),
        Err(unknown) => (Path::Uncontrolled, unknown.why.clone()),
    }
}

/// A primary that answered a moment ago and takes no new connection is not dead: it is waited for, until it answers or has
/// not done so for a minute and is out of reach.
pub(super) fn limited(facts: &Facts, policy: &Policy) -> Option<Waiting> {
    let what = facts.primary.limited.clone().filter(|_| !policy.emergency)?;
    Some(Waiting { why: WaitFor::Known { what }, left: Some(LIMITED) })
}

/// What to say of a machine with the same machine-id: one of the two is a copy of the other (H33).
fn copied(facts: &Facts) -> &'static str {
    match (&facts.primary.identity, &facts.backup.identity) {
        (Ok(there), Ok(here)) if there.value == here.value => {
            " with this machine's machine-id, so one is a copy of the other (remove /etc/machine-id on one and run \
             `systemd-machine-id-setup` there)"
        }
        _ => "",
    }
}

/// Looks at every rung.
#[must_use]
pub fn fence(facts: &Facts, policy: &Policy, progress: &Progress) -> Fence {
    let (path, why) = path(facts, policy, progress);
    let stopped = stopped(facts, progress);
    let word = progress.word(facts.now);
    let since = word.map(|(_, at)| facts.now.since(at));
    let said = said(path, word.map(|(word, _)| word), policy);
    let needed = match path {
        Path::Controlled => SILENT_CONTROLLED,
        Path::Uncontrolled => SILENT_UNCONTROLLED,
        Path::Unproven => SILENT_UNPROVEN,
    };
    let silence = silence(facts, progress, path);
    let silent = Rung {
        kind: RungKind::Silent { levels: needed },
        proven: progress.kept.noted.is_some() && silence.silent >= needed,
        why: format!("{} of {needed} levels with rights read, nothing signed", silence.silent.min(needed)),
    };
    let (first, wait_left) = match path {
        Path::Controlled => (stopped, Duration::ZERO),
        Path::Uncontrolled => waited("the statement", UNCONTROLLED_WAIT, since),
        Path::Unproven => waited(
            "the refusal",
            UNPROVEN_WAIT,
            progress.session.refused_before.map(|refused| facts.now.since(refused.at)),
        ),
    };
    // A machine that cannot be stopped from here cannot be disarmed for good from here either.
    let disarmed = (path == Path::Controlled).then(|| disarmed(facts, progress));
    let by_itself = disarmed.as_ref().is_some_and(|rung| rung.proven);
    let holds = said.proven || by_itself;
    let but_time = holds && (path != Path::Controlled || progress.session.stopped_since.is_some());
    let approved = holds && first.proven && silent.proven;
    // No statement is missing where none is needed.
    let said = Some(said).filter(|said| said.proven || !by_itself);
    let guarded = (path == Path::Controlled).then(|| guarded(facts, progress));
    let rungs = [Some(first), guarded, disarmed, said, Some(silent)];
    Fence {
        path,
        why,
        said: holds,
        rungs: rungs.into_iter().flatten().collect(),
        but_time,
        approved,
        silence,
        silence_needed: needed,
        wait_left,
    }
}

fn stopped(facts: &Facts, progress: &Progress) -> Rung {
    let rung = |proven, why: String| Rung { kind: RungKind::Stopped, proven, why };
    let since = match (&facts.primary.services, progress.session.stopped_since) {
        (Err(unknown), _) => return rung(false, unknown.why.clone()),
        (Ok(seen), None) => {
            let what = match &seen.value {
                BakerState::Running { what } => what.join(", "),
                BakerState::Stopped { .. } => "read once".to_owned(),
            };
            return rung(false, format!("still running: {what}"));
        }
        (Ok(seen), Some(since)) => seen.at.since(since),
    };
    match &facts.primary.restart_delay {
        Err(unknown) => rung(false, unknown.why.clone()),
        Ok(delay) if since > delay.value + RESTART_SLACK => {
            rung(true, format!("read twice, {} apart", humantime::format_duration(whole(since))))
        }
        Ok(delay) => {
            let left = (delay.value + RESTART_SLACK).saturating_sub(since);
            rung(false, format!("read once; again in {}", humantime::format_duration(whole(left))))
        }
    }
}

const fn whole(duration: Duration) -> Duration {
    Duration::from_secs(duration.as_secs() + (duration.subsec_nanos() > 0) as u64)
}

fn said(path: Path, word: Option<Word>, policy: &Policy) -> Rung {
    let (kind, proven, why) = match (path, word) {
        (Path::Unproven, _) => (RungKind::Unproven, true, "a person takes the risk, typed in full"),
        (_, Some(Word::Person(Statement::Disconnected))) => {
            (RungKind::Disconnected, true, "a person says so, typed in full")
        }
        (_, Some(Word::Person(_))) => (RungKind::PoweredOff, true, "a person at it says so, typed in full"),
        (_, Some(Word::PowerStatus)) => (RungKind::PoweredOff, true, "its power status says off"),
        (_, None) if policy.signer_apart => (RungKind::Disconnected, false, "nobody says that the signer is unplugged"),
        (_, None) => (RungKind::Disconnected, false, "nobody says that the signer is unplugged or the machine off"),
    };
    Rung { kind, proven, why: why.to_owned() }
}

fn waited(after: &str, needed: Duration, since: Option<Duration>) -> (Rung, Duration) {
    let left = needed.saturating_sub(since.unwrap_or(Duration::ZERO));
    let proven = since.is_some() && left.is_zero();
    let why = if proven {
        format!("{} since {after}", humantime::format_duration(needed))
    } else {
        format!("{} left", humantime::format_duration(whole(left)))
    };
    (Rung { kind: RungKind::Waited, proven, why }, left)
}

/// Counts silent levels: settled, read completely, with rights, nothing in them that is not the backup's own.
#[must_use]
fn silence(facts: &Facts, progress: &Progress, path: Path) -> Silence {
    let Some(above) = silent_above(progress) else { return Silence::default() };
    match path {
        Path::Controlled | Path::Uncontrolled => counted(facts, progress, above, false),
        Path::Unproven => silence_lately(facts, progress, above),
    }
}

/// The same in the last levels above one: where nothing is proven, silence of long ago says nothing of now (H27).
pub(super) fn silence_lately(facts: &Facts, progress: &Progress, above: Level) -> Silence {
    counted(facts, progress, above, true)
}

/// In 200 levels at most: the first ones above a level, or the last ones.
fn counted(facts: &Facts, progress: &Progress, above: Level, lately: bool) -> Silence {
    let Ok(activity) = &facts.chain.activity else { return Silence::default() };
    let now = consensus_marks(facts);
    // Undecided is not silent.
    let aliens: BTreeSet<Level> = activity
        .value
        .all()
        .filter(|s| !matches!(whose(s, facts, progress, now), Whose::Ours))
        .map(|s| s.at.level)
        .collect();
    let mut silence = Silence::default();
    let passed = match &facts.chain.head {
        Ok(head) if lately => head.value.level.below(SETTLED + SILENT_LIMIT).unwrap_or(Level::FIRST),
        _ => Level::FIRST,
    };
    let last = |l: &&LevelActivity| l.level > above && (!lately || l.level > passed);
    for level in activity.value.settled.iter().filter(last).take(SILENT_LIMIT as usize) {
        silence.levels += 1;
        silence.silent += u64::from(level.rights && !aliens.contains(&level.level));
    }
    silence
}

/// Above which level silence is counted.
#[must_use]
fn silent_above(progress: &Progress) -> Option<Level> {
    let noted = progress.kept.noted?.silent_above();
    Some(progress.session.silent_above.map_or(noted, |above| above.max(noted)))
}
