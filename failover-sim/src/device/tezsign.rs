//! A TezSign, as the tezsign service uses it: frames on both interfaces, through the same link as the tool.

use std::time::Duration;

use prost::Message as _;

use crate::tezsign::{SimGadget, SimKey, SimLink};
use failover_core::chain::KeyRole;
use failover_core::signer::tezsign::frame::{Decoder, FrameId, FrameKind, encode};
use failover_core::signer::tezsign::message::{Ask, DeviceAnswer, Request, Response, Sign, Unlock};
use failover_core::signer::tezsign::{Connect, Interface, Link};

/// A gadget, and the sign interface while the service holds it.
#[derive(Debug)]
pub(crate) struct TezSignPort {
    pub(crate) gadget: SimGadget,
    pub(crate) consensus: SimKey,
    pub(crate) companion: SimKey,
    /// The consensus key that follows.
    pub(crate) next: Option<SimKey>,
    link: Option<SimLink>,
    asked: u64,
}

impl TezSignPort {
    pub(crate) const fn new(gadget: SimGadget, consensus: SimKey, companion: SimKey, next: Option<SimKey>) -> Self {
        Self { gadget, consensus, companion, next, link: None, asked: 0 }
    }

    /// Every key that it holds.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &SimKey> {
        [&self.consensus, &self.companion].into_iter().chain(&self.next)
    }

    pub(super) fn claim(&mut self) -> bool {
        if self.link.is_none() {
            self.link = self.gadget.open(Interface::Sign, Duration::ZERO).ok();
        }
        self.serves()
    }

    pub(super) fn release(&mut self) {
        self.link = None;
    }

    pub(super) const fn serves(&self) -> bool {
        self.link.is_some()
    }

    pub(super) fn unlock(&mut self, passphrase: &str) -> bool {
        let Ok(mut link) = self.gadget.open(Interface::Management, Duration::ZERO) else { return false };
        let keys = self.keys().map(|key| key.alias.clone()).collect();
        let ask = Ask::Unlock(Unlock { keys, passphrase: Some(passphrase.as_bytes().to_vec()) });
        match self.ask(&mut link, ask) {
            Some(DeviceAnswer::Unlock(results)) => results.results.iter().all(|result| result.ok),
            _ => false,
        }
    }

    pub(super) fn sign(&mut self, role: KeyRole, next: bool, bytes: &[u8]) -> bool {
        // A link that broke is not given back: the device is gone, and the service will notice.
        let Some(mut link) = self.link.take() else { return false };
        let tz4 = match role {
            KeyRole::Consensus => self.next.as_ref().filter(|_| next).unwrap_or(&self.consensus).hash.to_string(),
            KeyRole::Companion => self.companion.hash.to_string(),
        };
        let answer = self.ask(&mut link, Ask::Sign(Sign { tz4, message: bytes.to_vec() }));
        if answer.is_some() {
            self.link = Some(link);
        }
        matches!(answer, Some(DeviceAnswer::Sign(_)))
    }

    /// One exchange; `None` where no answer came.
    fn ask(&mut self, link: &mut SimLink, ask: Ask) -> Option<DeviceAnswer> {
        self.asked += 1;
        let mut id = [0x77; 16];
        if let Some(number) = id.last_chunk_mut::<8>() {
            *number = self.asked.to_be_bytes();
        }
        let frame = encode(FrameKind::Request, FrameId(id), &Request { ask: Some(ask) }.encode_to_vec());
        link.send(&frame, Duration::ZERO).ok()?;
        let (mut decoder, mut buffer) = (Decoder::new(), vec![0; 64 * 1024]);
        let mut answer = None;
        // What an earlier client did not read comes first.
        while let Ok(read) = link.receive(&mut buffer, Duration::ZERO) {
            decoder.push(buffer.get(..read).unwrap_or_default());
            while let Ok(Some(frame)) = decoder.next_frame() {
                if frame.kind == FrameKind::Response && frame.id == FrameId(id) {
                    answer = Response::decode(frame.payload.as_slice()).ok().and_then(|response| response.answer);
                }
            }
        }
        answer
    }
}
