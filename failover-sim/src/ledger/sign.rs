//! SIGN: select a key, then the whole message in one packet.

use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};

use super::{LedgerSim, keys};
use crate::message::Message;
use failover_core::signer::ledger::StatusWord;
use failover_core::signer::ledger::apdu::LedgerKey;
use failover_core::tezos::{Curve, Kind};

const LAST: u8 = 0x80;

impl LedgerSim {
    pub(super) fn sign(&mut self, with_hash: bool, p1: u8, p2: u8, data: &[u8]) -> Result<Vec<u8>, StatusWord> {
        match p1 & !LAST {
            0x00 => {
                let derivation = keys::derivation(0, p2)?;
                self.packets = 0;
                let (path, rest) = keys::path(data).ok_or(StatusWord::WrongValues)?;
                if !rest.is_empty() {
                    return Err(StatusWord::WrongLength);
                }
                self.selected = Some(LedgerKey { path, derivation });
                Ok(Vec::new())
            }
            0x01 => self.message(with_hash, p1 & LAST != 0, data),
            _ => Err(StatusWord::WrongParameters),
        }
    }

    fn message(&mut self, with_hash: bool, last: bool, data: &[u8]) -> Result<Vec<u8>, StatusWord> {
        let key = self.selected.clone().ok_or(StatusWord::WrongLengthForInstruction)?;
        self.packets = self.packets.saturating_add(1);
        if self.packets > 1 {
            return Err(StatusWord::Parse);
        }
        let message = parse(data).ok_or(StatusWord::Parse)?;
        if !last {
            return Ok(Vec::new());
        }
        if self.ram.key.as_ref() != Some(&key) {
            return Err(StatusWord::Security);
        }
        let chain = u32::from_be_bytes(message.chain.bytes());
        let level = u32::try_from(message.level).map_err(|_| StatusWord::Parse)?;
        if !self.ram.sign(chain, message.kind, level, message.round.0) {
            return Err(StatusWord::WrongValues);
        }
        self.keep(|from, to| (to.main, to.test) = (from.main, from.test));
        self.packets = 0;
        if let Some(address) = self.address(&key.path, key.derivation) {
            self.options.book.record(&self.options.name, address, &message);
        }
        let mut answer = Vec::new();
        if with_hash {
            answer.extend(Blake2b::<U32>::digest(data));
        }
        answer.extend(self.bytes_of(&key, data));
        if key.derivation.curve() == Curve::Bls {
            answer.extend([0; 32]);
        }
        Ok(answer)
    }
}

/// The app knows one layout, that of tz1 to tz3, whatever the key; and it looks at a block's fitness.
fn parse(data: &[u8]) -> Option<Message> {
    let message = Message::parse(Curve::Ed25519, data)?;
    if message.kind == Kind::Block {
        let (length, fitness) = data.get(83..)?.split_first_chunk::<4>()?;
        if !matches!(u32::from_be_bytes(*length), 33 | 37) || !fitness.starts_with(&[0, 0, 0, 1, 2]) {
            return None;
        }
    }
    Some(message)
}
