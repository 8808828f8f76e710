//! A simulated machine behind the [`Host`] edge.

use std::time::Duration;

use super::World;
use crate::options::Side;
use crate::wire::{Mishap, Wire};
use failover_core::clock::Clock;
use failover_core::host::{Host, HostError, Output};

/// A machine of a world, as commands reach it.
#[derive(Debug, Clone)]
pub struct SimHost {
    world: World,
    side: Side,
    name: String,
    wire: Option<Wire>,
}

impl SimHost {
    pub(crate) fn new(world: World, side: Side) -> Self {
        Self { world, side, name: format!("the simulated {side}"), wire: None }
    }

    /// The same at the end of a wire on which things go wrong.
    pub(crate) fn over(self, wire: Wire) -> Self {
        Self { wire: Some(wire), ..self }
    }

    fn pass_on(&self, argv: &[&str], input: &str, deadline: Duration) -> Result<Output, HostError> {
        let ran = self.world.run(self.side, argv, input)?;
        // What takes longer than the deadline is waited for until then, and its end is not seen.
        if ran.took > Duration::ZERO {
            self.world.clock().sleep(ran.took.min(deadline));
        }
        if ran.took > deadline {
            return Err(self.lost(argv, deadline));
        }
        Ok(ran.output)
    }

    fn lost(&self, argv: &[&str], after: Duration) -> HostError {
        let what = argv.iter().take(3).copied().collect::<Vec<_>>().join(" ");
        HostError::Lost { host: self.name.clone(), what, after }
    }

    fn spoiled(
        &self,
        wire: &Wire,
        mishap: Option<Mishap>,
        argv: &[&str],
        input: &str,
        deadline: Duration,
    ) -> Result<Output, HostError> {
        if mishap == Some(Mishap::Dropped) {
            let why = "connection reset by peer".to_owned();
            return Err(HostError::Unreachable { host: self.name.clone(), why });
        }
        let output = self.pass_on(argv, input, deadline)?;
        match mishap {
            Some(Mishap::Lost) => {
                wire.waits_in_vain(deadline);
                Err(self.lost(argv, deadline))
            }
            Some(Mishap::Late(seconds)) if !wire.waits(seconds, deadline) => Err(self.lost(argv, deadline)),
            // A program that was ended in the middle has no exit code 0: ssh's and the local host's code see to that.
            Some(Mishap::Cut) => {
                let half = output.stdout.len() / 2;
                let stdout = output.stdout.char_indices().take_while(|(at, _)| *at < half).map(|(_, c)| c).collect();
                Ok(Output { code: 143, stdout, ..output })
            }
            // A program that could not begin.
            Some(Mishap::Garbage(_)) => {
                let stderr = "Failed to connect to bus: Connection timed out\n".to_owned();
                Ok(Output { code: 1, stdout: String::new(), stderr })
            }
            _ => Ok(output),
        }
    }
}

impl Host for SimHost {
    fn name(&self) -> &str {
        &self.name
    }

    fn run(&mut self, argv: &[&str], deadline: Duration) -> Result<Output, HostError> {
        self.feed(argv, "", deadline)
    }

    fn feed(&mut self, argv: &[&str], input: &str, deadline: Duration) -> Result<Output, HostError> {
        match &self.wire {
            None => self.pass_on(argv, input, deadline),
            Some(wire) => wire.exchange(|mishap| self.spoiled(wire, mishap, argv, input, deadline)),
        }
    }
}
