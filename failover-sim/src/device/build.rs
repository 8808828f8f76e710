//! The devices of a world, and what opens them: all of it from its seed.

use std::sync::Arc;

use super::{Device, LedgerPort, TezSignPort};
use crate::book::SignatureBook;
use crate::clock::SimClock;
use crate::ledger::{LedgerOptions, LedgerSim, SimLedger};
use crate::options::{Side, WorldOptions};
use crate::seed::Seed;
use crate::tezsign::{SimGadget, SimKey, TezSignOptions, TezSignSim};
use failover_core::signer::Passphrase;
use failover_core::signer::ledger::{Derivation, KeyPath};
use failover_core::signer::traits::ArmedBy;

/// The passphrase of the devices of a world.
pub(crate) fn passphrase(seed: Seed) -> String {
    format!("simulated-{:08x}", seed.below(1 << 32, "passphrase", &[]))
}

/// The keys of TezSign cards from a seed: consensus and companion.
pub(crate) fn card_keys(seed: u64) -> [SimKey; 2] {
    ["consensus", "companion"].map(|alias| SimKey::of_seed(alias, &format!("{alias} {seed}")))
}

/// The consensus key that follows, where the baker has one.
pub(crate) fn next_key(options: &WorldOptions) -> Option<SimKey> {
    options.key_change.map(|_| SimKey::of_seed("next", &format!("next {}", options.seed)))
}

/// A side's Ledger, with the keys of a seed.
pub(crate) fn new_ledger(side: Side, seed: u64, book: &SignatureBook) -> LedgerSim {
    let name = format!("the {side}'s Ledger");
    LedgerSim::new(LedgerOptions {
        name,
        seed: format!("world {seed}"),
        book: book.clone(),
        ..LedgerOptions::default()
    })
}

/// Where the baker's key is on a Ledger: `44'/1729'/0'/0'`, ed25519, as most have it.
pub(crate) fn ledger_key() -> (KeyPath, Derivation) {
    (KeyPath::default(), Derivation::Ed25519)
}

impl Device {
    /// A side's device: the same keys on both, no marks. What a passphrase arms is simulated as a TezSign is, what a press arms
    /// as a Ledger.
    pub(crate) fn new(side: Side, options: &WorldOptions, book: &SignatureBook, clock: &SimClock) -> Self {
        match options.model.traits().armed_by {
            ArmedBy::Passphrase => {
                let ([consensus, companion], next) = (card_keys(options.seed), next_key(options));
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
                Self::TezSign(Box::new(TezSignPort::new(gadget, consensus, companion, next)))
            }
            ArmedBy::Press => {
                let (path, derivation) = ledger_key();
                // A handle to a device with these keys, made from the device itself.
                let handle = SimLedger::new(LedgerOptions::default());
                *handle.lock() = new_ledger(side, options.seed, book);
                Self::Ledger(LedgerPort::new(handle, path, derivation))
            }
        }
    }
}
