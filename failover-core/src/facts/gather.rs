//! Gathering: asks every edge and turns answers and errors into facts. Knows nothing of the procedure.

use std::time::Duration;

use super::{
    Asked, BackupFacts, BootGuard, ChainFacts, Fact, Facts, GuardState, Head, HostIdentity, Observed, Power,
    PrimaryFacts, Timestamp, Unknown,
};
use crate::baker::{BakerError, BakerMachine, Depth, PowerStatus, in_one_look};
use crate::chain::{ChainError, ChainLevelSource, ChainNode};
use crate::clock::{Clock, Job};
use crate::guard::{Guard, GuardStatus};
use crate::host::Host;
use crate::permit::{PermitError, RunPermit};
use crate::remote_signer::{RemoteSigner, RemoteSignerError};
use crate::signer::{HwmSetter, SignerError};
use crate::tezos::{ChainId, KeyHash, Level};

mod chain;
mod others;
mod permit;
mod primary;

use chain::ChainGatherer;
use primary::{PrimaryEyes, PrimaryGatherer};

/// The power status is asked again after this.
const ASK_POWER: Duration = Duration::from_secs(10);

/// So is a boot guard that held: it costs several commands, and only somebody else on this machine can change it.
const ASK_BOOT_GUARD: Duration = Duration::from_secs(60);

/// What a gathering looks at.
#[derive(Debug, Clone)]
pub struct Scope {
    /// Whose activity.
    pub baker: KeyHash,
    /// The first level to judge; `None`: the last few.
    pub from: Option<Level>,
    /// Ask the primary?
    pub primary: bool,
    /// Read the primary's mark files of this chain; `None`: they are left out.
    pub marks: Option<ChainId>,
    /// What is remembered, and what comes first.
    pub manner: Manner,
}

/// How a gathering is made (S15).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Manner {
    /// Chain and primary at the same time; what takes long is remembered for some seconds.
    #[default]
    Usual,
    /// Nothing of what guards the primary or the backup is remembered: for an effect that arms.
    Anew,
    /// The chain after the primary: where its level may be noted.
    ChainLast,
}

/// What a gathering looks with.
pub struct Eyes<'a> {
    /// The primary's services, where they can be controlled.
    pub primary: Option<&'a mut dyn BakerMachine>,
    /// The primary's signer, where a program there can be asked.
    pub signer: Option<&'a mut RemoteSigner<Box<dyn Host>>>,
    /// What says whether the primary's machine has power.
    pub power: Option<&'a mut PowerStatus>,
    /// The backup's services.
    pub backup: &'a mut dyn BakerMachine,
    /// The backup's guard.
    pub guard: &'a Guard,
    /// The backup's signer.
    pub device: &'a mut dyn HwmSetter,
    /// This run's permit; `None`: a look that belongs to no run.
    pub permit: Option<&'a RunPermit>,
}

/// Gathers, and remembers what does not change.
pub struct Gatherer {
    chain: ChainGatherer,
    primary: PrimaryGatherer,
    backup: Option<HostIdentity>,
    /// The backup's boot guard, as long as it holds or cannot be.
    boot_guard: Option<Observed<Option<BootGuard>>>,
    power: Option<(Timestamp, Fact<Power>)>,
}

impl std::fmt::Debug for Gatherer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gatherer").field("source", &self.chain.name()).finish_non_exhaustive()
    }
}

/// An error, as the reason why something is not known.
pub(crate) trait Because {
    fn unknown(&self) -> Unknown;
}
macro_rules! because {
    ($($error:ty),*) => {$(
        impl Because for $error {
            fn unknown(&self) -> Unknown {
                Unknown { why: self.to_string(), next: self.next().to_owned() }
            }
        }
    )*};
}
because!(ChainError, BakerError, SignerError, RemoteSignerError, PermitError);

impl Gatherer {
    /// Gathers from the own node, held against other sources.
    #[must_use]
    pub fn new(source: Box<dyn ChainNode>, others: Vec<Box<dyn ChainLevelSource>>) -> Self {
        let chain = ChainGatherer::new(source, others);
        Self { chain, primary: PrimaryGatherer::default(), backup: None, boot_guard: None, power: None }
    }

    /// Looks at everything once: chain and primary at the same time, or as the scope says; the device after them (S8).
    pub fn gather(&mut self, eyes: Eyes<'_>, scope: &Scope, clock: &dyn Clock) -> Facts {
        let (now, wall) = (clock.now(), clock.wall());
        let anew = scope.manner == Manner::Anew;
        if anew {
            (self.boot_guard, self.power) = (None, None);
            self.primary.changed();
        }
        let Self { chain, primary, power, .. } = self;
        let seen =
            PrimaryEyes { control: eyes.primary.filter(|_| scope.primary), signer: eyes.signer, permit: eyes.permit };
        let (mut on_chain, mut there, mut fed) = (None, None, None);
        let asks_power = eyes.power.is_some();
        let mut jobs: Vec<Job<'_>> = vec![Box::new(|| there = Some(primary.gather(seen, scope.marks, clock)))];
        let ask_power = || fed = Some(ask_power(power, eyes.power, clock));
        if asks_power {
            jobs.push(Box::new(ask_power));
        } else {
            ask_power();
        }
        jobs.push(Box::new(|| on_chain = Some((clock.now(), chain.gather(scope, clock)))));
        match scope.manner {
            Manner::ChainLast => jobs.into_iter().for_each(|job| job()),
            Manner::Usual | Manner::Anew => clock.together(jobs),
        }
        let (chain, on_chain) = on_chain.unwrap_or_else(|| (now, ChainFacts::unknown(&broken_off())));
        let (primary, there) = there.unwrap_or_else(|| (None, PrimaryFacts::unknown(&broken_off())));
        let power = fed.unwrap_or_else(|| Err(broken_off()));
        // What the power status says counts like the rest, where it says off.
        let off = power.as_ref().ok().filter(|power| power.value == Power::Off).map(|power| power.at);
        let primary = primary.into_iter().chain(off).min();
        let backup = self.backup(eyes.backup, eyes.guard, eyes.device, eyes.permit, clock);
        let asked = Asked { wall, chain, primary, anew };
        Facts { now, asked, chain: on_chain, primary: PrimaryFacts { power, ..there }, backup }
    }

    /// Something was done to the primary: what was remembered of it is read again.
    pub fn primary_changed(&mut self) {
        self.primary.changed();
    }

    /// Looks at the own node alone, a few levels of it at a time, and at no device: what a watch asks all the time.
    pub fn glance(&mut self, scope: &Scope, clock: &dyn Clock) -> ChainFacts {
        self.chain.glance(scope, clock)
    }

    /// Looks at the heads alone, of the own node and of everybody else: what [`agreed_head`](crate::decision::agreed_head)
    /// judges. With the other sources' own heads, by their names.
    pub fn heads(&mut self, clock: &dyn Clock) -> (ChainFacts, Vec<(String, Head)>) {
        self.chain.heads(clock)
    }

    /// How many levels are remembered.
    pub(crate) fn remembered(&self) -> usize {
        self.chain.remembered()
    }

    /// The own node, and the other sources that agreed with it when they were last asked: for questions that are no
    /// facts of the procedure.
    pub fn sources(&mut self) -> (&mut dyn ChainNode, Vec<&mut dyn ChainLevelSource>) {
        self.chain.sources()
    }

    fn backup(
        &mut self,
        control: &mut dyn BakerMachine,
        guard: &Guard,
        device: &mut dyn HwmSetter,
        permit: Option<&RunPermit>,
        clock: &dyn Clock,
    ) -> BackupFacts {
        let name = control.describe();
        let (identity, services) = in_one_look(control, Depth::Services, |control| {
            let identity = match &self.backup {
                Some(known) => Ok(known.clone()),
                None => control.identity().inspect(|known| self.backup = Some(known.clone())),
            };
            (identity, control.state())
        });
        let why = "it is read when the backup is guarded and nothing signs there".to_owned();
        let unread = Unknown { why, next: "run `failover guard status`".to_owned() };
        let mut facts = BackupFacts {
            identity: seen(identity, &name, clock),
            services: seen(services, &name, clock),
            guard: guard_state(guard, clock),
            boot_guard: Err(unread),
            permit: self::permit::state(permit, clock),
            claims: self::permit::claims(permit, clock),
            // Last (S8).
            device: seen(device.state(), "the backup's signer", clock),
        };
        if facts.is_at_rest() {
            facts.boot_guard = in_one_look(control, Depth::Guards, |control| self.boot_guard(control, &name, clock));
        } else {
            self.boot_guard = None;
        }
        facts
    }

    fn boot_guard(&mut self, control: &mut dyn BakerMachine, name: &str, clock: &dyn Clock) -> Fact<Option<BootGuard>> {
        if let Some(known) = &self.boot_guard
            && clock.now().since(known.at) < ASK_BOOT_GUARD
        {
            return Ok(known.clone());
        }
        let found = match control.boot_guard() {
            Err(BakerError::NoUnits { .. }) => Ok(None),
            found => found.map(Some),
        };
        let found = seen(found, name, clock);
        let held = |seen: &&Observed<Option<BootGuard>>| seen.value.as_ref().is_none_or(BootGuard::holds);
        self.boot_guard = found.as_ref().ok().filter(held).cloned();
        found
    }
}

/// Asked now and then: a BMC takes its time, and power that is off stays off for a while.
fn ask_power(
    last: &mut Option<(Timestamp, Fact<Power>)>,
    status: Option<&mut PowerStatus>,
    clock: &dyn Clock,
) -> Fact<Power> {
    let Some(status) = status else {
        let why = "no power status is configured".to_owned();
        return Err(Unknown { why, next: "look at the machine".to_owned() });
    };
    let now = clock.now();
    if let Some((at, known)) = last
        && now.since(*at) < ASK_POWER
    {
        return known.clone();
    }
    let name = status.describe();
    // As old as its question.
    let found = seen(status.read(), &name, clock).map(|found| Observed { at: now, ..found });
    *last = Some((now, found.clone()));
    found
}

/// One of the things that are asked at the same time has panicked.
fn broken_off() -> Unknown {
    Unknown { why: "the look broke off".to_owned(), next: "run again".to_owned() }
}

/// An edge's answer as a fact.
pub(crate) fn seen<T, E: Because>(answer: Result<T, E>, source: &str, clock: &dyn Clock) -> Fact<T> {
    match answer {
        Ok(value) => Ok(Observed { value, source: source.to_owned(), at: clock.now() }),
        Err(error) => Err(error.unknown()),
    }
}

fn guard_state(guard: &Guard, clock: &dyn Clock) -> Fact<GuardState> {
    let state = |value| Ok(Observed { value, source: "the guard's token".to_owned(), at: clock.now() });
    match guard.status() {
        GuardStatus::Guarded => state(GuardState::Guarded),
        GuardStatus::Lifted(_) => state(GuardState::Lifted),
        GuardStatus::Unknown(error) => Err(Unknown { why: error.to_string(), next: error.next().to_owned() }),
    }
}
