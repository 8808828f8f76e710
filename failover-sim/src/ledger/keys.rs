//! Keys of a simulated seed, and the parts of an APDU that name one.

use blake2::{Blake2b512, Digest};

use super::LedgerSim;
use failover_core::signer::ledger::apdu::LedgerKey;
use failover_core::signer::ledger::{Derivation, KeyPath, StatusWord, public_key};
use failover_core::tezos::{Curve, KeyHash};

/// A big-endian number, and the rest.
pub(super) fn u32(data: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = data.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*number), rest))
}

/// A path, and the rest.
pub(super) fn path(data: &[u8]) -> Option<(KeyPath, &[u8])> {
    let (count, mut rest) = data.split_first()?;
    let mut components = Vec::new();
    for _ in 0..*count {
        let (component, left) = u32(rest)?;
        components.push(component);
        rest = left;
    }
    Some((KeyPath::new(components)?, rest))
}

/// P1 0 and the curve in P2.
pub(super) fn derivation(p1: u8, p2: u8) -> Result<Derivation, StatusWord> {
    Derivation::from_byte(p2).filter(|_| p1 == 0).ok_or(StatusWord::WrongParameters)
}

impl LedgerSim {
    /// 64 bytes that depend on the seed, the key and a word.
    pub(super) fn bytes_of(&self, key: &LedgerKey, word: &[u8]) -> [u8; 64] {
        let mut hash = Blake2b512::new();
        hash.update(self.options.seed.as_bytes());
        hash.update([0, key.derivation.byte()]);
        hash.update(key.path.to_bytes());
        hash.update(word);
        hash.finalize().into()
    }

    /// The public key in the app's form. Made up, and of the right shape only: nobody checks signatures here.
    fn public_key(&self, key: &LedgerKey) -> Vec<u8> {
        if let Some(given) = self.options.keys.get(&(key.path.clone(), key.derivation.byte())) {
            return given.clone();
        }
        let (x, y) = (self.bytes_of(key, b"x"), self.bytes_of(key, b"y"));
        let first = |bytes: &[u8; 64], count| bytes.iter().copied().take(count).collect::<Vec<_>>();
        match key.derivation.curve() {
            Curve::Ed25519 => [vec![0x02], first(&x, 32)].concat(),
            Curve::Secp256k1 | Curve::P256 => [vec![0x04], first(&x, 32), first(&y, 32)].concat(),
            // x and y are below the field's order, so their first byte is small.
            Curve::Bls => [vec![0x04, 0x01], first(&x, 47), vec![0x01], first(&y, 47)].concat(),
        }
    }

    /// Length and public key, as the app answers.
    pub(super) fn public_key_answer(&self, key: &LedgerKey) -> Vec<u8> {
        let public = self.public_key(key);
        let len = u8::try_from(public.len()).unwrap_or(u8::MAX);
        [vec![len], public].concat()
    }

    /// The address of a key of this device; `None` only for a given key of a wrong shape.
    #[must_use]
    pub fn address(&self, path: &KeyPath, derivation: Derivation) -> Option<KeyHash> {
        let key = LedgerKey { path: path.clone(), derivation };
        public_key::address(derivation, &self.public_key(&key)).ok()
    }
}
