//! How a world begins.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{Due, Faults, Inner, State, World};
use crate::book::SignatureBook;
use crate::chain::{Block, Chain, Committee};
use crate::clock::{Dial, SimClock};
use crate::device::{Device, LedgerPort, TezSignPort};
use crate::ledger::{LedgerOptions, LedgerSim, SimLedger};
use crate::machine::{Job, Machine};
use crate::options::{Pair, Side, WorldOptions};
use crate::seed::Seed;
use crate::tezsign::{SimGadget, SimKey, TezSignOptions, TezSignSim};
use crate::wire::Wires;
use failover_core::clock::Timestamp;
use failover_core::signer::Passphrase;
use failover_core::signer::ledger::{Derivation, KeyPath};
use failover_core::signer::traits::ArmedBy;

/// This many levels before the world's first one the backup was last used: its marks are old, not empty.
const REHEARSED: u64 = 100_000;

/// The passphrase of the devices of a world.
pub(crate) fn passphrase(seed: Seed) -> String {
    format!("simulated-{:08x}", seed.below(1 << 32, "passphrase", &[]))
}

/// The keys of TezSign cards from a seed: consensus and companion.
pub(super) fn keys(seed: u64) -> [SimKey; 2] {
    ["consensus", "companion"].map(|alias| SimKey::of_seed(alias, &format!("{alias} {seed}")))
}

/// The consensus key that follows, where the baker has one.
pub(crate) fn next_key(options: &WorldOptions) -> Option<SimKey> {
    options.key_change.map(|_| SimKey::of_seed("next", &format!("next {}", options.seed)))
}

/// A side's Ledger, with the keys of a seed.
pub(super) fn ledger(side: Side, seed: u64, book: &SignatureBook) -> LedgerSim {
    let name = format!("the {side}'s Ledger");
    LedgerSim::new(LedgerOptions {
        name,
        seed: format!("world {seed}"),
        book: book.clone(),
        ..LedgerOptions::default()
    })
}

/// A side's device: the same keys on both, no marks. What a passphrase arms is simulated as a TezSign is, what a press arms
/// as a Ledger.
fn device(side: Side, options: &WorldOptions, book: &SignatureBook, clock: &SimClock) -> Device {
    match options.model.traits().armed_by {
        ArmedBy::Passphrase => {
            let ([consensus, companion], next) = (keys(options.seed), next_key(options));
            let sim = TezSignSim::new(TezSignOptions {
                name: format!("the {side}'s TezSign"),
                serial: format!("SIM{:04}-{side}", options.seed % 10_000),
                version: Some("2026-04-30".to_owned()),
                build_date: "2026-04-30".to_owned(),
                passphrase: Some(Passphrase::new(passphrase(Seed(options.seed)).into_bytes())),
                keys: [consensus.clone(), companion.clone()].into_iter().chain(next.clone()).collect(),
                book: book.clone(),
            });
            let gadget = SimGadget::new(sim, Arc::new(clock.of_another())).seen_by("the tezsign service");
            Device::TezSign(Box::new(TezSignPort::new(gadget, consensus, companion, next)))
        }
        ArmedBy::Press => {
            let (path, derivation) = ledger_key();
            // A handle to a device with these keys, made from the device itself.
            let handle = SimLedger::new(LedgerOptions::default());
            *handle.lock() = ledger(side, options.seed, book);
            Device::Ledger(LedgerPort::new(handle, path, derivation))
        }
    }
}

/// Where the baker's key is on a Ledger: `44'/1729'/0'/0'`, ed25519, as most have it.
pub(crate) fn ledger_key() -> (KeyPath, Derivation) {
    (KeyPath::default(), Derivation::Ed25519)
}

impl World {
    /// A world in which the primary bakes and has done so for a while, and the backup's node runs and nothing else
    /// there.
    #[must_use]
    pub fn new(options: WorldOptions) -> Self {
        let seed = Seed(options.seed);
        let history = options.history.max(3);
        let begins = Timestamp::from_millis(options.begins.millis().div_euclid(1000).saturating_mul(1000));
        let block_time = Duration::from_secs(options.block_seconds.max(1));
        let back = Duration::from_secs(options.block_seconds.max(1).saturating_mul(history.saturating_add(1)));
        let first =
            Timestamp::from_millis(begins.millis().saturating_sub(i64::try_from(back.as_millis()).unwrap_or(i64::MAX)));
        let head = options.head.unwrap_or_else(|| 15_300_000 + seed.below(9_000, "head", &[]));
        let genesis = Block::genesis(head.saturating_sub(history).max(2), first.millis().div_euclid(1000));
        let dial = Dial::new(first);
        let book = SignatureBook::default();

        let inner = Arc::new_cyclic(|weak| {
            let clock = SimClock::new(dial.clone(), weak.clone(), &options);
            let pass = passphrase(seed);
            let machines = Pair::new(|side| {
                let own_secret = match side {
                    Side::Primary => options.primary_unlocks_itself,
                    Side::Backup => options.backup_unlocks_itself,
                };
                let device = device(side, &options, &book, &clock);
                Machine::new(side, &options, device, own_secret.then(|| pass.clone()))
            });
            let (consensus, companion) = machines.primary.device.keys();
            let committee = Committee::new(seed, consensus, companion, options.rights_in_ten);
            let next = first.after(block_time);
            let level = genesis.level.saturating_add(1);
            let mut state = State {
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
            state.queue(next, Due::Slot { level, round: 0 });
            state.begin(first, &pass, level);
            Inner { state: Mutex::new(state), dial: dial.clone(), book, clock, options, wires: Wires::default() }
        });
        let world = Self::from_inner(inner);
        world.advance_to(begins);
        world
    }
}

impl State {
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
