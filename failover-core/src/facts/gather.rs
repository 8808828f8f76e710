//! Gathering: asks every edge and turns answers and errors into facts. Knows nothing of the procedure.

use std::time::Duration;

use super::{
    BackupFacts, BakerState, ChainFacts, Fact, Facts, GuardState, HostIdentity, Observed, Power, PrimaryFacts,
    Timestamp, Unknown,
};
use crate::baker::{BakerControl, BakerError, PowerStatus};
use crate::chain::{ChainError, ChainLevelSource, ChainNode};
use crate::clock::Clock;
use crate::guard::{Guard, GuardStatus};
use crate::host::HostError;
use crate::signer::{HwmSetter, SignerError};
use crate::tezos::{KeyHash, Level};

mod chain;
mod others;

use chain::ChainGatherer;

/// A machine that could not be reached is asked again after this.
const ASK_AGAIN: Duration = Duration::from_secs(20);
/// The power status is asked again after this.
const ASK_POWER: Duration = Duration::from_secs(10);

/// What a gathering looks at.
#[derive(Debug, Clone)]
pub struct Scope {
    /// Whose activity.
    pub baker: KeyHash,
    /// The first level to judge; `None`: the last few.
    pub from: Option<Level>,
    /// Ask the primary?
    pub primary: bool,
}

/// What a gathering looks with.
pub struct Eyes<'a> {
    /// The primary's services, where they can be controlled.
    pub primary: Option<&'a mut dyn BakerControl>,
    /// What says whether the primary's machine has power.
    pub power: Option<&'a mut PowerStatus>,
    /// The backup's services.
    pub backup: &'a mut dyn BakerControl,
    /// The backup's guard.
    pub guard: &'a Guard,
    /// The backup's signer.
    pub device: &'a mut dyn HwmSetter,
}

/// Gathers, and remembers what does not change.
pub struct Gatherer {
    chain: ChainGatherer,
    primary: Option<(HostIdentity, Duration)>,
    backup: Option<HostIdentity>,
    away: Option<(Timestamp, Unknown)>,
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
because!(ChainError, BakerError, SignerError);

impl Gatherer {
    /// Gathers from the own node, held against other sources.
    #[must_use]
    pub fn new(source: Box<dyn ChainNode>, others: Vec<Box<dyn ChainLevelSource>>) -> Self {
        Self { chain: ChainGatherer::new(source, others), primary: None, backup: None, away: None, power: None }
    }

    /// Looks at everything once: the chain first, the devices after it (S8).
    pub fn gather(&mut self, eyes: Eyes<'_>, scope: &Scope, clock: &dyn Clock) -> Facts {
        let now = clock.now();
        let chain = self.chain.gather(scope, clock);
        let power = self.power(eyes.power, clock);
        let primary = self.primary(eyes.primary.filter(|_| scope.primary), power, clock);
        let backup = self.backup(eyes.backup, eyes.guard, eyes.device, clock);
        Facts { now, chain, primary, backup }
    }

    /// Looks at the own node alone, a few levels of it at a time, and at no device: what a watch asks all the time.
    pub fn glance(&mut self, scope: &Scope, clock: &dyn Clock) -> ChainFacts {
        self.chain.glance(scope, clock)
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

    fn primary(
        &mut self,
        control: Option<&mut dyn BakerControl>,
        power: Fact<Power>,
        clock: &dyn Clock,
    ) -> PrimaryFacts {
        let nothing = |unknown: Unknown| PrimaryFacts {
            power: power.clone(),
            identity: Err(unknown.clone()),
            impostor: None,
            services: Err(unknown.clone()),
            restart_delay: Err(unknown),
        };
        let Some(control) = control else {
            let why = "the configuration has no way to reach the primary, or it is not asked any more".to_owned();
            let next = "unplug the primary's signer or switch the machine off".to_owned();
            return nothing(Unknown { why, next });
        };
        if let Some((since, unknown)) = &self.away
            && clock.now().since(*since) < ASK_AGAIN
        {
            return nothing(unknown.clone());
        }
        let name = control.describe();
        let known = match &self.primary {
            Some(known) => Ok(known.clone()),
            None => control.identity().and_then(|identity| Ok((identity, control.restart_delay()?))),
        };
        match known.and_then(|known| Ok((known, control.state()?))) {
            Ok((known, state)) => {
                self.away = None;
                self.primary = Some(known.clone());
                let at = clock.now();
                let source = name;
                PrimaryFacts {
                    power: power.clone(),
                    identity: Ok(Observed { value: known.0, source: source.clone(), at }),
                    impostor: None,
                    services: Ok(Observed { value: state, source: source.clone(), at }),
                    restart_delay: Ok(Observed { value: known.1, source, at }),
                }
            }
            Err(error) => {
                let impostor = match &error {
                    BakerError::Host(HostError::HostKey { .. }) => Some(error.to_string()),
                    _ => None,
                };
                if matches!(&error, BakerError::Host(HostError::Unreachable { .. } | HostError::Lost { .. })) {
                    self.away = Some((clock.now(), error.unknown()));
                }
                PrimaryFacts { impostor, ..nothing(error.unknown()) }
            }
        }
    }

    /// Asked now and then: a BMC takes its time, and power that is off stays off for a while.
    fn power(&mut self, status: Option<&mut PowerStatus>, clock: &dyn Clock) -> Fact<Power> {
        let Some(status) = status else {
            let why = "no power status is configured".to_owned();
            return Err(Unknown { why, next: "look at the machine".to_owned() });
        };
        let now = clock.now();
        if let Some((at, known)) = &self.power
            && now.since(*at) < ASK_POWER
        {
            return known.clone();
        }
        let name = status.describe();
        let found = seen(status.read(), &name, clock);
        self.power = Some((now, found.clone()));
        found
    }

    fn backup(
        &mut self,
        control: &mut dyn BakerControl,
        guard: &Guard,
        device: &mut dyn HwmSetter,
        clock: &dyn Clock,
    ) -> BackupFacts {
        let name = control.describe();
        let identity = match &self.backup {
            Some(known) => Ok(known.clone()),
            None => control.identity().inspect(|known| self.backup = Some(known.clone())),
        };
        let services: Result<BakerState, BakerError> = control.state();
        BackupFacts {
            identity: seen(identity, &name, clock),
            services: seen(services, &name, clock),
            guard: guard_state(guard, clock),
            device: seen(device.state(), "the backup's signer", clock),
        }
    }
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
