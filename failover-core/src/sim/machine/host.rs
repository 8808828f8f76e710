//! A simulated machine behind the [`Host`] edge.

use std::time::Duration;

use crate::clock::Clock;
use crate::host::{Host, HostError, Output};
use crate::sim::options::Side;
use crate::sim::world::World;

/// A machine of a world, as commands reach it.
#[derive(Debug, Clone)]
pub struct SimHost {
    world: World,
    side: Side,
    name: String,
}

impl SimHost {
    pub(crate) fn new(world: World, side: Side) -> Self {
        Self { world, side, name: format!("the simulated {side}") }
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
        let ran = self.world.run(self.side, argv, input)?;
        // What takes longer than the deadline is waited for until then, and its end is not seen.
        if ran.took > Duration::ZERO {
            self.world.clock().sleep(ran.took.min(deadline));
        }
        if ran.took > deadline {
            let what = argv.iter().take(3).copied().collect::<Vec<_>>().join(" ");
            return Err(HostError::Lost { host: self.name.clone(), what, after: deadline });
        }
        Ok(ran.output)
    }
}
