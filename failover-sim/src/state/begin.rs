//! How a world begins: the primary bakes, the backup's node runs and nothing else there.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Due, Faults, State};
use crate::book::SignatureBook;
use crate::chain::{Block, Chain, Committee};
use crate::clock::{Dial, SimClock};
use crate::device::{Device, passphrase};
use crate::machine::{Job, Machine};
use crate::options::{Pair, Side, WorldOptions};
use crate::seed::Seed;
use failover_core::clock::Timestamp;

/// This many levels before the world's first one the backup was last used: its marks are old, not empty.
const REHEARSED: u64 = 100_000;

/// Blocks that exist when a world is handed out.
pub(crate) fn history(options: &WorldOptions) -> u64 {
    options.history.max(3)
}

impl State {
    /// At its first block, which is as old as the dial says: the rest of its [`history`] is still to come.
    pub(crate) fn new(options: &WorldOptions, dial: &Dial, book: &SignatureBook, clock: &SimClock) -> Self {
        let (seed, first) = (Seed(options.seed), dial.now());
        let head = options.head.unwrap_or_else(|| 15_300_000 + seed.below(9_000, "head", &[]));
        let below = head.saturating_sub(history(options)).max(2);
        let genesis = Block::genesis(below, first.millis().div_euclid(1000));
        let pass = passphrase(seed);
        let machines = Pair::new(|side| {
            let own_secret = match side {
                Side::Primary => options.primary_unlocks_itself,
                Side::Backup => options.backup_unlocks_itself,
            };
            let device = Device::new(side, options, book, clock);
            Machine::new(side, options, device, own_secret.then(|| pass.clone()))
        });
        let (consensus, companion) = machines.primary.device.keys();
        let committee = Committee::new(seed, consensus, companion, options.rights_in_ten);
        let level = genesis.level.saturating_add(1);
        let mut state = Self {
            options: options.clone(),
            seed,
            dial: dial.clone(),
            chain: Chain::new(genesis),
            committee,
            machines,
            faults: Faults::default(),
            sources: BTreeMap::new(),
            queue: BTreeMap::new(),
            at_level: BTreeMap::new(),
            at_signature: Pair::default(),
            queued: 0,
            held: Vec::new(),
        };
        let next = first.after(Duration::from_secs(options.block_seconds.max(1)));
        state.queue(next, Due::Slot { level, round: 0 });
        state.begin(first, &pass, level);
        state
    }

    /// The primary runs everything; the backup its node and accuser, and nothing else is enabled there.
    fn begin(&mut self, now: Timestamp, pass: &str, level: u64) {
        let primary = &mut self.machines.primary;
        primary.device.set_up(pass, self.options.chain, level);
        for name in primary.units.iter().map(|unit| unit.name.clone()).collect::<Vec<_>>() {
            primary.start(&name, now);
        }
        let backup = &mut self.machines.backup;
        // It was rehearsed with a while ago.
        backup.device.set_marks(self.options.chain, level.saturating_sub(REHEARSED));
        for unit in &mut backup.units {
            unit.enabled = !unit.job.signs() && unit.job != Job::Pay;
        }
        for name in backup
            .units
            .iter()
            .filter(|u| matches!(u.job, Job::Node | Job::Accuser))
            .map(|u| u.name.clone())
            .collect::<Vec<_>>()
        {
            backup.start(&name, now);
        }
    }
}
