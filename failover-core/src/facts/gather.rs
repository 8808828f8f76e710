//! Gathering: asks every edge and turns answers and errors into facts. Knows nothing of the procedure.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{
    Activity, BackupFacts, BakerState, ChainFacts, Constants, Delegate, Fact, Facts, GuardState, Head, HostIdentity,
    LevelActivity, Observed, Power, PrimaryFacts, SecondOpinion, Signed, Timestamp, Unknown,
};
use crate::baker::{BakerControl, BakerError, PowerStatus};
use crate::chain::{ChainError, ChainNode, PeerHead};
use crate::clock::Clock;
use crate::guard::{Guard, GuardStatus};
use crate::host::HostError;
use crate::signer::{HwmSetter, SignerError};
use crate::tezos::{KeyHash, Level};

/// Votes for a level are in the next block and nowhere later, and a block two levels down is final.
const SETTLED: u64 = 3;
/// Levels that are read below the settled ones before a level was noted.
const LOOK_BACK: u64 = 8;
/// New levels read in one gathering at most, so that no gathering takes long.
const LEVELS_AT_ONCE: usize = 24;
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
    source: Box<dyn ChainNode>,
    constants: Option<Constants>,
    delegate: Option<(Head, Fact<Delegate>)>,
    settled: BTreeMap<Level, LevelActivity>,
    recent: Option<(Head, Vec<Signed>)>,
    primary: Option<(HostIdentity, Duration)>,
    backup: Option<HostIdentity>,
    away: Option<(Timestamp, Unknown)>,
    power: Option<(Timestamp, Fact<Power>)>,
}

impl std::fmt::Debug for Gatherer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gatherer").field("source", &self.source.name()).finish_non_exhaustive()
    }
}

trait Because {
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
    /// Gathers from this source of the chain.
    #[must_use]
    pub fn new(source: Box<dyn ChainNode>) -> Self {
        Self {
            source,
            constants: None,
            delegate: None,
            settled: BTreeMap::new(),
            recent: None,
            primary: None,
            backup: None,
            away: None,
            power: None,
        }
    }

    /// Looks at everything once: the chain first, the devices after it (S8).
    pub fn gather(&mut self, eyes: Eyes<'_>, scope: &Scope, clock: &dyn Clock) -> Facts {
        let now = clock.now();
        let chain = self.chain(scope, clock);
        let power = self.power(eyes.power, clock);
        let primary = self.primary(eyes.primary.filter(|_| scope.primary), power, clock);
        let backup = self.backup(eyes.backup, eyes.guard, eyes.device, clock);
        Facts { now, chain, primary, backup }
    }

    fn seen<T, E: Because>(&self, answer: Result<T, E>, clock: &dyn Clock) -> Fact<T> {
        seen(answer, self.source.name(), clock)
    }

    fn chain(&mut self, scope: &Scope, clock: &dyn Clock) -> ChainFacts {
        let head = self.source.head();
        let head = self.seen(head, clock);
        let sync = self.source.sync();
        let sync = self.seen(sync, clock);
        let constants = match self.constants {
            Some(known) => Ok(known),
            None => self.source.constants().inspect(|known| self.constants = Some(*known)),
        };
        let constants = self.seen(constants, clock);
        let (second, delegate, activity) = match &head {
            Ok(head) => (
                self.second(&head.value, clock),
                self.delegate(&scope.baker, &head.value, clock),
                self.activity(scope, &head.value, clock),
            ),
            Err(unknown) => (Err(unknown.clone()), Err(unknown.clone()), (Err(unknown.clone()), Vec::new())),
        };
        let (activity, accusations) = activity;
        ChainFacts { head, second, sync, constants, delegate, activity, accusations }
    }

    fn second(&mut self, head: &Head, clock: &dyn Clock) -> Fact<SecondOpinion> {
        let peers = self.source.peers_heads();
        let opinion = peers.map(|peers| {
            let agreeing: Vec<&PeerHead> = peers.iter().filter(|peer| self.agrees(head, peer)).collect();
            let highest = agreeing.iter().map(|p| p.level).max().unwrap_or(head.level).max(head.level);
            SecondOpinion { asked: peers.len(), agreeing: agreeing.len(), highest }
        });
        self.seen(opinion, clock)
    }

    /// A peer agrees where it has the same block at the lower of both heads, at most two levels away. What is above
    /// the own head cannot be compared, and is believed for two levels (H20).
    fn agrees(&mut self, head: &Head, peer: &PeerHead) -> bool {
        match peer.level.get().cmp(&head.level.get()) {
            std::cmp::Ordering::Equal => peer.hash == head.hash,
            std::cmp::Ordering::Greater => peer.level.since(head.level) <= 2,
            std::cmp::Ordering::Less => {
                head.level.since(peer.level) <= 2 && self.source.hash_at(peer.level).is_ok_and(|hash| hash == peer.hash)
            }
        }
    }

    fn delegate(&mut self, baker: &KeyHash, head: &Head, clock: &dyn Clock) -> Fact<Delegate> {
        if let Some((at, known)) = &self.delegate
            && at == head
        {
            return known.clone();
        }
        let answer = self.source.delegate(baker);
        let fact = self.seen(answer, clock);
        if fact.is_ok() {
            self.delegate = Some((head.clone(), fact.clone()));
        }
        fact
    }

    /// What the baker signed, or why that is not known, with what was seen of it all the same.
    fn activity(&mut self, scope: &Scope, head: &Head, clock: &dyn Clock) -> (Fact<Activity>, Vec<Signed>) {
        let mut seen = Vec::new();
        let settled = self.settled(scope, head, &mut seen);
        let recent = self.recent(scope, head, &mut seen);
        let mempool = self.source.mempool(&scope.baker, head);
        let mempool_blind = mempool.as_ref().err().map(ToString::to_string);
        let mempool = mempool.unwrap_or_default();
        let answer = match (settled, recent) {
            (Ok(settled), Ok(mut recent)) => {
                recent.extend(mempool);
                return (
                    self.seen(Ok::<_, ChainError>(Activity { settled, recent, mempool_blind }), clock),
                    Vec::new(),
                );
            }
            (Err(error), recent) => {
                seen.extend(recent.unwrap_or_default());
                error
            }
            (Ok(settled), Err(error)) => {
                seen.extend(settled.into_iter().flat_map(|level| level.signed));
                error
            }
        };
        seen.extend(mempool);
        (self.seen(Err(answer), clock), seen)
    }

    fn settled(
        &mut self,
        scope: &Scope,
        head: &Head,
        seen: &mut Vec<Signed>,
    ) -> Result<Vec<LevelActivity>, ChainError> {
        let Some(last) = head.level.below(SETTLED) else { return Ok(Vec::new()) };
        let first = scope.from.unwrap_or_else(|| last.below(LOOK_BACK).unwrap_or(Level::FIRST));
        let mut found = Vec::new();
        let mut wrong = None;
        let mut read = 0;
        for level in first.to(last) {
            if let Some(known) = self.settled.get(&level) {
                found.push(known.clone());
                continue;
            }
            if read == LEVELS_AT_ONCE {
                break;
            }
            read += 1;
            match self.source.activity(&scope.baker, level) {
                Ok(activity) => {
                    self.settled.insert(level, activity.clone());
                    found.push(activity);
                }
                // The levels above are read all the same: they may accuse (S8).
                Err(error @ ChainError::Incomplete { .. }) => {
                    seen.extend_from_slice(error.seen());
                    wrong = wrong.or(Some(error));
                }
                Err(error) => {
                    wrong = wrong.or(Some(error));
                    break;
                }
            }
        }
        let Some(error) = wrong else { return Ok(found) };
        seen.extend(found.into_iter().flat_map(|level| level.signed));
        Err(error)
    }

    /// Levels above the settled ones, as they are now; a block that goes away again was still seen.
    fn recent(&mut self, scope: &Scope, head: &Head, seen: &mut Vec<Signed>) -> Result<Vec<Signed>, ChainError> {
        let mut known = match &self.recent {
            Some((at, known)) if at == head => return Ok(known.clone()),
            Some((_, known)) => known.clone(),
            None => Vec::new(),
        };
        known.retain(|s| s.at.level.above(SETTLED + 2) > head.level);
        let newest = self.source.newest(&scope.baker, head);
        let mut found = newest.as_ref().map_or_else(|error| error.seen().to_vec(), Clone::clone);
        let mut wrong = newest.err();
        for level in [head.level.below(2), head.level.below(1)].into_iter().flatten() {
            // A block being replaced while it is read is no fault: the level is read again when it is settled.
            match self.source.activity(&scope.baker, level) {
                Ok(activity) => found.extend(activity.signed),
                Err(error @ (ChainError::Incomplete { .. } | ChainError::Missing { .. })) => {
                    found.extend_from_slice(error.seen());
                }
                Err(error) => {
                    wrong = wrong.or(Some(error));
                    break;
                }
            }
        }
        for signed in found {
            if !known.contains(&signed) {
                known.push(signed);
            }
        }
        if let Some(error) = wrong {
            seen.extend(known);
            return Err(error);
        }
        self.recent = Some((head.clone(), known.clone()));
        Ok(known)
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

fn seen<T, E: Because>(answer: Result<T, E>, source: &str, clock: &dyn Clock) -> Fact<T> {
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
