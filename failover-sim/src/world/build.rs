//! How a world is made.

use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use super::{Inner, World};
use crate::book::SignatureBook;
use crate::clock::{Dial, GoesOn, SimClock};
use crate::options::WorldOptions;
use crate::state::{State, history};
use crate::wire::Wires;
use failover_core::clock::Timestamp;

impl World {
    /// A world in which the primary bakes and has done so for a while, and the backup's node runs and nothing else
    /// there.
    #[must_use]
    pub fn new(options: WorldOptions) -> Self {
        let begins = Timestamp::from_millis(options.begins.millis().div_euclid(1000).saturating_mul(1000));
        let blocks = history(&options).saturating_add(1);
        let back = Duration::from_secs(options.block_seconds.max(1).saturating_mul(blocks));
        let first =
            Timestamp::from_millis(begins.millis().saturating_sub(i64::try_from(back.as_millis()).unwrap_or(i64::MAX)));
        let (dial, book) = (Dial::new(first), SignatureBook::default());
        let inner = Arc::new_cyclic(|weak: &Weak<Inner>| {
            let world: Weak<dyn GoesOn> = weak.clone();
            let clock = SimClock::new(dial.clone(), world, &options);
            let state = Mutex::new(State::new(&options, &dial, &book, &clock));
            Inner { state, dial: dial.clone(), book, clock, options, wires: Wires::default() }
        });
        let world = Self(inner);
        world.advance_to(begins);
        world
    }
}
