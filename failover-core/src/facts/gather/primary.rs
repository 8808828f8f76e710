//! The primary: its services, and what its baker wrote down.

use std::time::Duration;

use super::Because;
use crate::baker::{BakerControl, BakerError};
use crate::clock::Clock;
use crate::facts::{BakerState, Fact, HostIdentity, Observed, Power, PrimaryFacts, ReadMarks, Timestamp, Unknown};
use crate::host::HostError;
use crate::tezos::ChainId;

/// A machine that could not be reached is asked again after this, and so are mark files that could not be read.
const ASK_AGAIN: Duration = Duration::from_secs(20);

/// Asks the primary, and remembers what does not change.
#[derive(Default)]
pub(super) struct PrimaryGatherer {
    known: Option<(HostIdentity, Duration)>,
    away: Option<(Timestamp, Unknown)>,
    marks: Option<Reading>,
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
    /// Looks at it once: its services first, its marks after them.
    pub(super) fn gather(
        &mut self,
        control: Option<&mut dyn BakerControl>,
        power: Fact<Power>,
        chain: Option<ChainId>,
        clock: &dyn Clock,
    ) -> PrimaryFacts {
        let Some(control) = control else {
            let why = "the configuration has no way to reach the primary, or it is not asked any more".to_owned();
            let next = "unplug the primary's signer or switch the machine off".to_owned();
            return self.nothing(power, Unknown { why, next });
        };
        if let Some((since, unknown)) = &self.away
            && clock.now().since(*since) < ASK_AGAIN
        {
            let unknown = unknown.clone();
            return self.nothing(power, unknown);
        }
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
                PrimaryFacts {
                    power,
                    identity: Ok(Observed { value: known.0, source: source.clone(), at }),
                    impostor: None,
                    services: Ok(Observed { value: state, source: source.clone(), at }),
                    restart_delay: Ok(Observed { value: known.1, source, at }),
                    marks: self.marks(control, stopped, chain, clock),
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
                PrimaryFacts { impostor, ..self.nothing(power, error.unknown()) }
            }
        }
    }

    /// Nothing but what its marks said before: that was signed, whatever the machine does now.
    fn nothing(&mut self, power: Fact<Power>, unknown: Unknown) -> PrimaryFacts {
        // Whether it is still stopped is not known either: they are read again when it is.
        if let Some(reading) = &mut self.marks {
            reading.stopped = false;
        }
        let said = self.marks.as_ref().map(|reading| &reading.said);
        PrimaryFacts {
            power,
            identity: Err(unknown.clone()),
            impostor: None,
            services: Err(unknown.clone()),
            restart_delay: Err(unknown.clone()),
            marks: said.filter(|said| said.is_ok()).cloned().unwrap_or(Err(unknown)),
        }
    }

    fn marks(
        &mut self,
        control: &mut dyn BakerControl,
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
        let said = match control.marks(chain) {
            Ok(found) => {
                Ok(Observed { value: ReadMarks { began, found }, source: control.describe(), at: clock.now() })
            }
            Err(error) => Err(error.unknown()),
        };
        self.marks = Some(Reading { began, stopped, said: said.clone() });
        said
    }
}
