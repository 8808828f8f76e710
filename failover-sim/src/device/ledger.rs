//! A Ledger, as octez-signer uses it: APDUs, next to anything else that sends some.

use crate::ledger::{Reply, SimLedger};
use failover_core::signer::ledger::{Derivation, KeyPath, Ledger};
use failover_core::tezos::{ChainId, KeyHash};

/// Instructions of the Baking app 2.5.1.
const AUTHORIZE: u8 = 0x01;
const PUBLIC_KEY: u8 = 0x02;
const SIGN: u8 = 0x04;
const SETUP: u8 = 0x0a;
const DEAUTHORIZE: u8 = 0x0c;

/// A Ledger, and its key.
#[derive(Debug)]
pub(crate) struct LedgerPort {
    pub(crate) ledger: SimLedger,
    pub(crate) plugged: bool,
    path: KeyPath,
    derivation: Derivation,
}

impl LedgerPort {
    pub(crate) const fn new(ledger: SimLedger, path: KeyPath, derivation: Derivation) -> Self {
        Self { ledger, plugged: true, path, derivation }
    }

    pub(super) fn driver(&self) -> Option<Ledger<SimLedger>> {
        self.plugged.then(|| Ledger::new(self.ledger.clone(), self.path.clone(), self.derivation))
    }

    pub(super) fn hash(&self) -> Option<KeyHash> {
        self.ledger.lock().address(&self.path, self.derivation)
    }

    /// The 32 bytes of the ed25519 key: the app puts its own length and a 2 in front.
    pub(super) fn public_key(&self) -> Vec<u8> {
        let answer = self.ask([0x80, PUBLIC_KEY, 0, self.derivation.byte()], &self.path.to_bytes());
        answer.and_then(|data| data.get(2..).map(<[u8]>::to_vec)).unwrap_or_default()
    }

    pub(super) fn authorize(&self) -> bool {
        self.plugged && self.ask([0x80, AUTHORIZE, 0, self.derivation.byte()], &self.path.to_bytes()).is_some()
    }

    pub(super) fn set_up(&self, chain: ChainId, level: u64) -> bool {
        let level = u32::try_from(level).unwrap_or(0).to_be_bytes();
        let data = [&chain.bytes()[..], &level, &[0; 4], &self.path.to_bytes()].concat();
        self.ask([0x80, SETUP, 0, self.derivation.byte()], &data).is_some()
    }

    pub(super) fn deauthorize(&self) -> bool {
        self.ask([0x80, DEAUTHORIZE, 0, 0], &[]).is_some()
    }

    pub(super) fn sign(&self, bytes: &[u8]) -> bool {
        self.plugged
            && self.ask([0x80, SIGN, 0, self.derivation.byte()], &self.path.to_bytes()).is_some()
            && self.ask([0x80, SIGN, 0x81, self.derivation.byte()], bytes).is_some()
    }

    /// The data of an answer with status 9000; `None` for anything else.
    fn ask(&self, head: [u8; 4], data: &[u8]) -> Option<Vec<u8>> {
        let length = [u8::try_from(data.len()).ok()?];
        match self.ledger.lock().apdu(&[&head[..], &length, data].concat()) {
            Reply::Answer(answer) => answer.strip_suffix(&[0x90, 0x00]).map(<[u8]>::to_vec),
            Reply::Silent => None,
        }
    }
}
