//! The primary: its services, and what its baker wrote down.

use std::time::Duration;

use super::{Because, seen};
use crate::baker::{BakerError, BakerMachine, Depth, UnlockSecret, in_one_look};
use crate::clock::Clock;
use crate::facts::{
    BakerState, BootGuard, DeviceState, Fact, HostIdentity, Observed, PrimaryFacts, PrimaryMarks, ReadMarks, Timestamp,
    Unknown,
};
use crate::host::{Host, HostError};
use crate::mark_files::{MarkFile, Writer, WrittenMark};
use crate::permit::{ClaimAnswer, RunPermit};
use crate::remote_signer::RemoteSigner;
use crate::tezos::{ChainId, Kind};

/// A machine that could not be reached is asked again after this, and so are mark files that could not be read.
const ASK_AGAIN: Duration = Duration::from_secs(20);

type Signer = RemoteSigner<Box<dyn Host>>;

/// What the primary is looked at with.
pub(super) struct PrimaryEyes<'a> {
    /// Its services.
    pub(super) control: Option<&'a mut dyn BakerMachine>,
    /// Its signer.
    pub(super) signer: Option<&'a mut Signer>,
    /// This run's permit, whose claim would be left there.
    pub(super) permit: Option<&'a RunPermit>,
}

/// Asks the primary, and remembers what does not change.
#[derive(Default)]
pub(super) struct PrimaryGatherer {
    known: Option<(HostIdentity, Duration)>,
    away: Option<(Timestamp, Unknown)>,
    marks: Option<Reading>,
    held: Option<Held>,
    /// The signer's own marks, as they were last shown, and when that reading began: a locked key shows none.
    device: Option<(Timestamp, MarkFile)>,
}

/// What else keeps the primary from signing and another run away, as it was read last: over ssh that takes its time as well.
#[derive(Clone)]
struct Held {
    at: Timestamp,
    stopped: bool,
    signer: Fact<DeviceState>,
    boot_guard: Fact<BootGuard>,
    secret: Fact<UnlockSecret>,
    /// Whose claim stands there, and what else speaks against one: later too, as a copy of this machine could replace it.
    standing: Fact<ClaimAnswer>,
}

impl Held {
    fn is_recent(&self, now: Timestamp) -> bool {
        now >= self.at && now.since(self.at) < ASK_AGAIN
    }
}

/// The mark files, as they were read last: over ssh that takes its time, and what is stopped writes nothing.
struct Reading {
    began: Timestamp,
    /// It began after the services were read back as stopped, and they have been stopped since.
    stopped: bool,
    said: Fact<ReadMarks>,
}

impl Reading {
    /// A baker that works is read once, for what its files show; one that was stopped is read again.
    fn is_due(&self, stopped: bool, now: Timestamp) -> bool {
        stopped && (!self.stopped || (self.said.is_err() && (now.since(self.began) >= ASK_AGAIN || now < self.began)))
    }
}

impl PrimaryGatherer {
    /// Looks at it once: its services first, its marks after them. Beside it, when the oldest of what guards it was asked.
    pub(super) fn gather(
        &mut self,
        eyes: PrimaryEyes<'_>,
        chain: Option<ChainId>,
        clock: &dyn Clock,
    ) -> (Option<Timestamp>, PrimaryFacts) {
        let Some(control) = eyes.control else {
            let why = "the configuration has no way to reach the primary, or it is not asked any more".to_owned();
            let next = "unplug the primary's signer or switch the machine off".to_owned();
            return (None, self.nothing(Unknown { why, next }));
        };
        if let Some((since, unknown)) = &self.away
            && clock.now().since(*since) < ASK_AGAIN
        {
            let unknown = unknown.clone();
            return (None, self.nothing(unknown));
        }
        let asked = clock.now();
        let depth =
            if self.held.as_ref().is_some_and(|held| held.is_recent(asked)) { Depth::Services } else { Depth::Guards };
        in_one_look(control, depth, |control| self.look(control, (eyes.signer, eyes.permit), chain, (asked, clock)))
    }

    fn look(
        &mut self,
        control: &mut dyn BakerMachine,
        (signer, permit): (Option<&mut Signer>, Option<&RunPermit>),
        chain: Option<ChainId>,
        (asked, clock): (Timestamp, &dyn Clock),
    ) -> (Option<Timestamp>, PrimaryFacts) {
        let known = match &self.known {
            Some(known) => Ok(known.clone()),
            None => control.identity().and_then(|identity| Ok((identity, control.restart_delay()?))),
        };
        match known.and_then(|known| Ok((known, control.state()?))) {
            Ok((known, state)) => {
                self.away = None;
                self.known = Some(known.clone());
                let (source, at) = (control.describe(), clock.now());
                let stopped = matches!(state, BakerState::Stopped { .. });
                let Held { at: held, signer, boot_guard, secret, standing, .. } =
                    self.held(control, (signer, permit), (stopped, asked), clock);
                let facts = PrimaryFacts {
                    power: Err(unasked()),
                    standing,
                    signer,
                    boot_guard,
                    secret,
                    identity: Ok(Observed { value: known.0, source: source.clone(), at }),
                    impostor: None,
                    limited: None,
                    services: Ok(Observed { value: state, source: source.clone(), at }),
                    restart_delay: Ok(Observed { value: known.1, source, at }),
                    marks: self.marks(control, stopped, chain, clock),
                };
                (Some(asked.min(held)), facts)
            }
            Err(error) => {
                let impostor = match &error {
                    BakerError::Host(HostError::HostKey { .. }) => Some(error.to_string()),
                    _ => None,
                };
                if matches!(&error, BakerError::Host(HostError::Unreachable { .. } | HostError::Lost { .. })) {
                    self.away = Some((clock.now(), error.unknown()));
                }
                let limited = matches!(&error, BakerError::Host(HostError::Limited { .. })).then(|| error.to_string());
                (None, PrimaryFacts { impostor, limited, ..self.nothing(error.unknown()) })
            }
        }
    }

    /// Nothing but what its marks said before: that was signed, whatever the machine does now.
    fn nothing(&mut self, unknown: Unknown) -> PrimaryFacts {
        // Whether it is still stopped is not known either: they are read again when it is.
        if let Some(reading) = &mut self.marks {
            reading.stopped = false;
        }
        let said = self.marks.as_ref().map(|reading| &reading.said);
        PrimaryFacts {
            marks: said.filter(|said| said.is_ok()).cloned().unwrap_or_else(|| Err(unknown.clone())),
            ..PrimaryFacts::unknown(&unknown)
        }
    }

    /// Something was done there, or nothing of it may be remembered.
    pub(super) fn changed(&mut self) {
        (self.held, self.away) = (None, None);
    }

    /// Its signer, its guard, what unlocks it and who has claimed it: read for the plan, again once the services are stopped,
    /// and now and then.
    fn held(
        &mut self,
        control: &mut dyn BakerMachine,
        (signer, permit): (Option<&mut Signer>, Option<&RunPermit>),
        (stopped, at): (bool, Timestamp),
        clock: &dyn Clock,
    ) -> Held {
        // As old as the look: its questions may have gone out with its first one.
        let recent = |held: &&Held| held.stopped == stopped && held.is_recent(at);
        if let Some(held) = self.held.as_ref().filter(recent) {
            return held.clone();
        }
        // Asked when the services were seen, and not with them.
        let read = clock.now();
        let signer = match signer {
            Some(signer) if !stopped && !signer.answers_beside_its_service() => {
                let why = "it is asked once the services are stopped".to_owned();
                Err(Unknown { why, next: "stop them first".to_owned() })
            }
            Some(signer) => {
                let name = signer.describe();
                seen(signer.state(), &name, clock)
            }
            None => {
                let why = "the configuration has no way to ask the primary's signer".to_owned();
                Err(Unknown { why, next: "unplug the primary's signer".to_owned() })
            }
        };
        if !stopped {
            self.device = None;
        } else if let Ok(device) = &signer {
            let marks = written(&device.value, device.source.clone());
            if !marks.marks.is_empty() {
                self.device = Some((read, marks));
            }
        }
        let name = control.describe();
        let boot_guard = seen(control.boot_guard(), &name, clock);
        let secret = seen(control.unlock_secret(), &name, clock);
        let standing = super::permit::standing(control, permit, clock);
        let held = Held { at, stopped, signer, boot_guard, secret, standing };
        self.held = Some(held.clone());
        held
    }

    fn marks(
        &mut self,
        control: &mut dyn BakerMachine,
        stopped: bool,
        chain: Option<ChainId>,
        clock: &dyn Clock,
    ) -> Fact<ReadMarks> {
        let Some(chain) = chain else {
            let why = "the primary's mark files were left out".to_owned();
            return Err(Unknown { why, next: "run again without `--without marks`".to_owned() });
        };
        let began = clock.now();
        match &mut self.marks {
            Some(reading) if !reading.is_due(stopped, began) => {
                reading.stopped &= stopped;
                return reading.said.clone();
            }
            _ => {}
        }
        // The signer was read just before: the older of the two readings says since when both count.
        let device = self.device.clone();
        let began = device.as_ref().map_or(began, |(at, _)| began.min(*at));
        let found = match (control.marks(chain), device) {
            (Ok(mut found), device) => {
                found.files.extend(device.map(|(_, marks)| marks));
                Ok(found)
            }
            (Err(error), Some((_, marks))) => {
                Ok(PrimaryMarks { files: vec![marks], unread: Some(error.to_string()), ..PrimaryMarks::default() })
            }
            (Err(error), None) => Err(error.unknown()),
        };
        let said = found.map(|found| Observed {
            value: ReadMarks { began, found },
            source: control.describe(),
            at: clock.now(),
        });
        self.marks = Some(Reading { began, stopped, said: said.clone() });
        said
    }
}

fn unasked() -> Unknown {
    Unknown { why: "it was not asked".to_owned(), next: "look at the machine".to_owned() }
}

/// A device's marks as those of a file, where it shows them: a locked key shows none. `name` is what stands for the path.
fn written(state: &DeviceState, name: String) -> MarkFile {
    let marks = state.keys.iter().flat_map(|key| {
        let marks = key.marks.into_iter().flat_map(|marks| Kind::ALL.map(|kind| (kind, marks.of(kind))));
        marks.filter_map(|(kind, mark)| {
            let at = mark.0?;
            Some(WrittenMark { key: key.key, kind, level: at.level, round: Some(at.round) })
        })
    });
    MarkFile { path: name, writer: Writer::Device, marks: marks.collect() }
}
