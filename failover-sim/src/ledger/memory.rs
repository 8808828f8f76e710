//! What the app remembers, and its rules (Tezos Baking 2.5.1: `baking_auth.c`, `apdu_setup.c`, `apdu_reset.c`).

use failover_core::signer::ledger::apdu::LedgerKey;
use failover_core::tezos::Kind;

/// The mark of one chain.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HighWatermark {
    /// Highest level.
    pub level: u32,
    /// Round of the last signature.
    pub round: u32,
    /// Was an attestation signed there?
    pub had_attestation: bool,
    /// Was a preattestation signed there?
    pub had_preattestation: bool,
}

impl HighWatermark {
    pub(super) fn bytes(self) -> [u8; 8] {
        (u64::from(self.level) << 32 | u64::from(self.round)).to_be_bytes()
    }

    fn lets_through(self, kind: Kind, level: u32, round: u32) -> bool {
        let here = (level, round) == (self.level, self.round);
        (level, round) > (self.level, self.round)
            || (here && kind == Kind::Attestation && !self.had_attestation)
            || (here && kind == Kind::Preattestation && !self.had_attestation && !self.had_preattestation)
    }

    fn signed(&mut self, kind: Kind, level: u32, round: u32) {
        if level > self.level || round > self.round {
            (self.had_attestation, self.had_preattestation) = (false, false);
        }
        (self.level, self.round) = (self.level.max(level), round);
        self.had_attestation |= kind == Kind::Attestation;
        self.had_preattestation |= kind == Kind::Preattestation;
    }
}

/// The app's memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memory {
    /// The key that may sign without a button.
    pub key: Option<LedgerKey>,
    /// The main chain's id; 0 makes every chain the main chain.
    pub chain: u32,
    /// The main chain's mark.
    pub main: HighWatermark,
    /// Every other chain's.
    pub test: HighWatermark,
    /// The setting "High Watermark: disabled".
    pub hwm_disabled: bool,
}

/// The app signs no level whose top two bits are not 0.
pub(super) const fn is_valid_level(level: u32) -> bool {
    level & 0xc000_0000 == 0
}

impl Memory {
    /// Sets everything, lower as willingly as higher, and forgets what was signed.
    pub(super) fn setup(&mut self, key: LedgerKey, chain: u32, main: u32, test: u32) {
        (self.key, self.chain) = (Some(key), chain);
        self.main = HighWatermark { level: main, ..HighWatermark::default() };
        self.test = HighWatermark { level: test, ..HighWatermark::default() };
    }

    /// Sets both marks, lower as willingly as higher. The app forgets the attestation there, not the preattestation.
    pub(super) fn reset(&mut self, level: u32) {
        for mark in [&mut self.main, &mut self.test] {
            *mark = HighWatermark { level, had_preattestation: mark.had_preattestation, ..HighWatermark::default() };
        }
    }

    const fn mark(&mut self, chain: u32) -> &mut HighWatermark {
        if chain == self.chain || self.chain == 0 { &mut self.main } else { &mut self.test }
    }

    /// Moves the mark where the position may be signed; false where it may not.
    pub(super) fn sign(&mut self, chain: u32, kind: Kind, level: u32, round: u32) -> bool {
        let mark = self.mark(chain);
        let allowed = is_valid_level(level) && mark.lets_through(kind, level, round);
        if allowed {
            mark.signed(kind, level, round);
        }
        allowed
    }
}
