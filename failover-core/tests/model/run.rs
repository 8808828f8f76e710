//! A run in the model: the project's own `decide`, its records and `apply`; around them the loop's glue, in short.

use failover_core::clock::Timestamp;
use failover_core::decision::policy::Policy;
use failover_core::decision::{
    Noted, Path, Progress, Quarantine, Refusal, RefusedBefore, Step, ThisSession, Verdict, consensus_marks, decide,
    fence, is_open,
};
use failover_core::facts::{BakerState, Facts, GuardState, HostIdentity, Mark, Marks, Observed, Question};
use failover_core::failover::apply;
use failover_core::journal::record::{Record, StepResult};
use failover_core::operator::Answer;
use failover_core::tezos::{ChainId, Position};

use crate::commands::account;
use crate::eyes::{key, look};
use crate::setting::{Broken, Setting};
use crate::world::{START, World, ago_level, level, offset};

/// One operator's run, on one backup.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    /// Which machine is its backup.
    pub(crate) site: usize,
    /// Which one is its primary.
    pub(crate) other: usize,
    /// The session that lives, if one does.
    pub(crate) live: Option<Progress>,
    /// What the journal gives, if the session dies now.
    pub(crate) kept: Progress,
    pub(crate) resumed: bool,
    /// The head when this session began.
    pub(crate) began: Option<u64>,
    /// It waits for the next block.
    pub(crate) waiting: bool,
    /// Its lock is gone.
    pub(crate) lost: bool,
    pub(crate) backup_runs: bool,
    /// A step of it was tried.
    pub(crate) touched: bool,
    /// The first h and B that the journal has.
    pub(crate) noted: Option<Noted>,
    /// Its permit: made and there, or taken away.
    pub(crate) permit: Option<bool>,
    /// What was approved and is not done yet.
    pub(crate) pending: Option<Pending>,
    pub(crate) end: Option<String>,
}

/// An arming effect that was approved, with time between.
#[derive(Debug, Clone)]
pub(crate) struct Pending {
    pub(crate) step: Step,
    /// The clock and the head at the look that approved it.
    pub(crate) looked: i64,
    pub(crate) head: u64,
    /// It is under way: the effect lock is held, the permit was there.
    pub(crate) begun: bool,
}

/// What a look leads to, after what is broken on purpose had its say.
pub(crate) enum Act {
    Do(Step),
    Ask(Question),
    Wait,
    /// Ends, with nothing armed.
    End(&'static str),
    /// Foreign positions, or a denunciation.
    Alarm,
}

pub(crate) fn policy(setting: &Setting, other: usize) -> Policy {
    let mut policy = Policy::new("baker".to_owned(), key(), ChainId::MAINNET);
    policy.primary_pin = Some(HostIdentity { machine_id: other.to_string() });
    policy.margin = setting.margin;
    if setting.is(Broken::NoQuarantine) {
        policy.quarantine = Quarantine::off_in_a_simulation();
    }
    policy
}

impl Run {
    pub(crate) fn new(site: usize, other: usize, setting: &Setting) -> Self {
        let refused_before = setting.refused.map(|ago| RefusedBefore {
            at: Timestamp::from_millis(START - 700_000),
            noted: Noted { head: ago_level(ago + 2), bound: ago_level(ago) },
        });
        let session = ThisSession { refused_before, ..ThisSession::default() };
        let began = Progress { session, ..Progress::default() };
        Self {
            site,
            other,
            live: Some(began.clone()),
            kept: began,
            resumed: false,
            began: None,
            waiting: false,
            lost: false,
            backup_runs: false,
            touched: false,
            noted: None,
            permit: None,
            pending: None,
            end: None,
        }
    }

    /// The process dies; what it held is let go by the kernel.
    pub(crate) fn crash(&mut self) {
        (self.live, self.waiting, self.resumed, self.began) = (None, false, false, None);
        self.pending = None;
    }

    /// `failover resume`: what the journal gives, and of the session nothing but the earlier refusal, which is read anew.
    pub(crate) fn resume(&mut self, setting: &Setting) {
        let Progress { kept, session } = self.kept.clone();
        let refused_before = session.refused_before;
        let before = if setting.is(Broken::RemembersAll) { session } else { ThisSession::default() };
        let session = ThisSession { resumed: true, refused_before, ..before };
        (self.live, self.resumed, self.lost) = (Some(Progress { kept, session }), true, false);
    }

    pub(crate) fn is_live(&self) -> bool {
        self.live.is_some() && self.end.is_none()
    }
}

/// As the journal does: the session and what is left of it take the record in.
pub(crate) fn record(world: &mut World, i: usize, record: &Record, setting: &Setting) {
    let now = world.now();
    let run = &mut world.runs[i];
    if let Some(live) = &mut run.live {
        apply(live, record, now, true);
    }
    apply(&mut run.kept, record, now, setting.is(Broken::RemembersAll));
    account(&mut world.machines[run.site].deeds, record, setting);
    if setting.is(Broken::ForgetsBound) {
        run.kept.kept.noted = None;
    }
    if run.noted.is_none()
        && let Record::After { step: Step::NoteLevel { head, bound, .. }, .. } = record
    {
        run.noted = Some(Noted { head: *head, bound: *bound });
    }
}

/// One look, taken in as the loop does.
pub(crate) fn observe(world: &mut World, i: usize, setting: &Setting) -> Facts {
    let run = &world.runs[i];
    let live = run.live.as_ref().expect("a session");
    let bakes = run.backup_runs && live.kept.started.is_some_and(|started| started.complete);
    let noted = live.kept.noted.or(live.session.refused_before.map(|refused| refused.noted));
    let from = noted.map_or(world.head() - 8, |noted| offset(noted.bound) + 1);
    let mut facts = look(world, setting, i, from, !bakes);
    let head = world.head();
    let run = &mut world.runs[i];
    run.began.get_or_insert(head);
    let live = run.live.as_mut().expect("a session");
    match setting.broken {
        Some(Broken::TrustsItself) => {
            facts.backup.services.as_mut().expect("known").value = BakerState::Stopped { checked: vec![] };
            let guard = facts.backup.guard.as_mut().expect("known");
            guard.value = GuardState::Guarded;
            facts.backup.boot_guard = Ok(Observed { value: None, source: guard.source.clone(), at: guard.at });
        }
        Some(Broken::NeverHolds) => live.session.holding = true,
        Some(Broken::OkIsDone) => {
            let key = &mut facts.backup.device.as_mut().expect("known").value.keys[0];
            if let (Some(floor), Some(marks)) = (live.session.floor, &mut key.marks) {
                let at = Mark::at(Position::start_of(floor));
                *marks = Marks::all(at.max(marks.lowest()));
            }
        }
        _ => {}
    }
    live.observe(&facts, consensus_marks(&facts));
    live.session.closed_since = match is_open(&facts, &policy(setting, run.other), live) {
        true => None,
        false => live.session.closed_since.or(Some(facts.now)),
    };
    if let Ok(seen) = &facts.backup.services {
        run.backup_runs = matches!(seen.value, BakerState::Running { .. });
    }
    if run.resumed && live.session.silent_above.is_none() && !setting.is(Broken::KeepsSilence) {
        live.session.silent_above = Some(level(head));
    }
    facts
}

/// What the decision says of it.
pub(crate) fn act(world: &World, i: usize, facts: &Facts, setting: &Setting) -> Act {
    let live = world.runs[i].live.as_ref().expect("a session");
    if world.runs[i].lost && live.kept.started.is_none() {
        return Act::End("locked");
    }
    let other = world.runs[i].other;
    let verdict = match setting.is(Broken::NothingForeign) {
        true => {
            let mut blind = facts.clone();
            let bound = live.kept.noted.map(|noted| noted.bound);
            if let (Ok(seen), Some(bound)) = (&mut blind.chain.activity, bound) {
                seen.value.recent.retain(|s| s.at.level <= bound);
                seen.value.settled.iter_mut().for_each(|l| l.signed.retain(|s| s.at.level <= bound));
            }
            decide(&blind, &policy(setting, other), live)
        }
        false => decide(facts, &policy(setting, other), live),
    };
    let floor = level(world.head() + 1);
    match verdict {
        // After the start only what arms asks for the lock.
        Verdict::Do(approved) if world.runs[i].lost && !approved.get().only_disarms() => Act::End("locked"),
        Verdict::Do(approved) => Act::Do(match (approved.get().clone(), setting.broken) {
            (Step::Raise { floor, .. }, Some(Broken::SkipsRaise)) => {
                let marks = consensus_marks(facts).unwrap_or_default();
                Step::Start { floor, marks, path: Path::Controlled }
            }
            (Step::Raise { keys, cap, .. }, Some(Broken::LowFloor)) => Step::Raise { keys, floor, cap },
            (step, _) => step,
        }),
        Verdict::Ask(question) => Act::Ask(question),
        Verdict::Wait(_)
            if setting.is(Broken::StartsEarly) && live.session.floor.is_some() && live.kept.started.is_none() =>
        {
            let marks = consensus_marks(facts).unwrap_or_default();
            Act::Do(Step::Start { floor: live.session.floor.unwrap_or(floor), marks, path: Path::Controlled })
        }
        Verdict::Wait(_) => Act::Wait,
        Verdict::Refuse(refusal) if about_the_permit(&refusal) => Act::End("stopped"),
        Verdict::Refuse(_) => Act::End("refused"),
        Verdict::Failed { .. } => Act::End("failed"),
        Verdict::Duplicate(_) | Verdict::Denounced(_) => Act::Alarm,
        Verdict::Done(_) => Act::End("done"),
    }
}

/// The end: where the backup does not bake, nothing stays armed (S12).
pub(crate) fn end(world: &mut World, i: usize, how: &str, setting: &Setting) {
    let run = &world.runs[i];
    let live = run.live.clone().unwrap_or_default();
    let bakes = live.kept.started.is_some() && run.backup_runs;
    let touched = live.session.armed || live.kept.left_armed || live.session.holding || live.session.fenced_self;
    let site = run.site;
    // Whoever took the permit away may be at it themselves.
    let always = ["duplicate", "stood down", "stopped"].contains(&how);
    let gated = setting.is(Broken::GatedDisarm) && run.lost;
    if how != "done" && !gated && ((touched && !bakes) || always) {
        world.machines[site].disarm();
        record(world, i, &Record::Disarmed { proven: true, what: vec![] }, setting);
    }
    world.machines[site].held = false;
    world.machines[site].latched |= how == "duplicate";
    let run = &mut world.runs[i];
    (run.end, run.waiting, run.pending) = (Some(how.to_owned()), false, None);
    // One that could be taken up again keeps its permit.
    if run.permit.is_some() && !["cancelled", "failed", "locked"].contains(&how) {
        run.permit = Some(false);
    }
    let here = &world.machines[site];
    let bakes = run.kept.kept.started.is_some() && here.running;
    // What nobody touched is as it was found: a backup that booted before the first step.
    let touched = world.runs[i].touched || always;
    if how != "done"
        && touched
        && (how == "duplicate" || how == "stopped" || !bakes)
        && (here.armed || here.running || here.token)
    {
        world.fail("S12", format!("the run ended as {how}, and the backup is not disarmed"));
    }
}

const fn about_the_permit(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::Stopped { .. } | Refusal::OtherBoot | Refusal::NoPermit)
}

pub(crate) fn answered(world: &mut World, i: usize, asked: &Question, answer: Answer, setting: &Setting) {
    record(world, i, &Record::Asked { asked: asked.clone(), answer }, setting);
}

pub(crate) fn after(world: &mut World, i: usize, step: &Step, result: StepResult, setting: &Setting) {
    record(world, i, &Record::after(step, result), setting);
}

/// Is the way of the fence the controlled one? Asked for a monitor only.
pub(crate) fn controlled(facts: &Facts, live: &Progress, other: usize, setting: &Setting) -> bool {
    fence(facts, &policy(setting, other), live).path == Path::Controlled
}
