//! The two devices, with the fuzzer's bytes for answers.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use failover_core::signer::SignerError;
use failover_core::signer::ledger::apdu::{AllHwm, Command, QueryAllHwm};
use failover_core::signer::ledger::{ApduExchange, Wait};
use failover_core::signer::tezsign::frame::{Decoder, FrameId, FrameKind, encode};
use failover_core::signer::tezsign::message::{Ask, DeviceAnswer, Request, Response, Status};
use failover_core::signer::tezsign::{Connect, Interface, Link, LinkError};
use prost::Message as _;

use crate::counted;

/// Why there is no answer any more.
pub const LAST_WORDS: &str = "the fuzzer has no more to say";

/// A TezSign: each request is accepted, and answered with the next piece of the input.
#[derive(Clone)]
pub struct Gadget(Arc<Mutex<State>>);

struct State {
    left: VecDeque<(u8, Vec<u8>)>,
    /// The keys that were shown first: what an order must have been planned against.
    first: Option<Status>,
    asked: Option<Ask>,
}

impl Gadget {
    /// Answers with the pieces of an input, see [`counted`].
    pub fn new(mut data: &[u8]) -> Self {
        let pieces = std::iter::from_fn(|| counted(&mut data));
        let left = pieces.map(|(how, piece)| (how, piece.to_vec())).collect();
        Self(Arc::new(Mutex::new(State { left, first: None, asked: None })))
    }
}

impl Connect for Gadget {
    type Link = Wire;

    fn open(&mut self, _: Interface, _: Duration) -> Result<Wire, SignerError> {
        Ok(Wire { gadget: self.clone(), unread: VecDeque::new() })
    }

    fn selector(&self) -> String {
        "tezsign".to_owned()
    }
}

/// An open interface of it.
pub struct Wire {
    gadget: Gadget,
    unread: VecDeque<u8>,
}

impl State {
    /// S4: no order is at or below a mark that was shown when it was planned.
    fn judge(&self, ask: &Ask) {
        let (Ask::SetLevel(order), Some(shown)) = (ask, &self.first) else { return };
        for key in shown.keys.iter().filter(|key| key.key == order.key) {
            let marks = [key.block_level, key.preattestation_level, key.attestation_level];
            assert!(marks.iter().all(|mark| order.level > *mark), "S4: {order:?} for {key:?}");
        }
        assert_ne!(order.level, 0, "S3: a level of 0");
    }

    fn reply(&mut self, id: FrameId) -> Vec<u8> {
        let Some((how, piece)) = self.left.pop_front() else { return Vec::new() };
        let frame = |kind, payload: &[u8]| encode(kind, id, payload).to_vec();
        match how % 8 {
            0 => piece,
            1 => frame(FrameKind::Response, &piece),
            2 => [frame(FrameKind::Retry, &[]), piece].concat(),
            3 => [piece, frame(FrameKind::KeepAlive, &[])].concat(),
            _ => {
                if let Ok(Response { answer: Some(DeviceAnswer::Status(status)) }) = Response::decode(piece.as_slice())
                    && matches!(self.asked, Some(Ask::Status(_)))
                {
                    self.first.get_or_insert(status);
                }
                [frame(FrameKind::Accept, &[]), frame(FrameKind::Response, &piece)].concat()
            }
        }
    }
}

impl Link for Wire {
    fn send(&mut self, frame: &[u8], _: Duration) -> Result<(), LinkError> {
        let mut decoder = Decoder::new();
        decoder.push(frame);
        let frame = decoder.next_frame().expect("our frame is one").expect("our frame is whole");
        let ask = Request::decode(frame.payload.as_slice()).expect("our request is one").ask.expect("it asks");
        let mut state = self.gadget.0.lock().expect("nobody panics with it");
        state.judge(&ask);
        state.asked = Some(ask);
        let reply = state.reply(frame.id);
        self.unread.extend(reply);
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8], _: Duration) -> Result<usize, LinkError> {
        if self.unread.is_empty() {
            return Err(LinkError::Broken { why: LAST_WORDS.to_owned() });
        }
        let count = self.unread.len().min(buffer.len());
        for (place, byte) in buffer.iter_mut().zip(self.unread.drain(..count)) {
            *place = byte;
        }
        Ok(count)
    }
}

/// A Ledger: each question is answered with the next piece of the input; after the last one, with what was answered to
/// the same question last.
pub struct Answering {
    left: VecDeque<Vec<u8>>,
    last: HashMap<u8, Vec<u8>>,
    hwm: Option<AllHwm>,
    /// Is a SETUP or RESET planned against the marks that were shown right before it?
    pub judged: bool,
}

impl Answering {
    /// Answers with the pieces of an input, see [`counted`].
    pub fn new(mut data: &[u8]) -> Self {
        let left = std::iter::from_fn(|| counted(&mut data)).map(|(_, piece)| piece.to_vec()).collect();
        Self { left, last: HashMap::new(), hwm: None, judged: false }
    }

    /// S4: neither SETUP nor RESET is at or below a mark that was shown last.
    fn judge(&mut self, apdu: &[u8]) {
        let main = match apdu {
            [0x80, 0x06, _, _, _, level @ ..] => level.first_chunk::<4>(),
            [0x80, 0x0a, _, _, _, _, _, _, _, level @ ..] => level.first_chunk::<4>(),
            _ => return,
        };
        let main = u32::from_be_bytes(*main.expect("an order has a level"));
        let hwm = self.hwm.expect("S4: an order before any mark was read");
        assert!(!hwm.main.is_used() || main > hwm.main.level, "S4: {main} over {hwm:?}");
        assert_ne!(main, 0, "S3: a level of 0");
        self.judged = true;
    }
}

impl ApduExchange for Answering {
    fn exchange(&mut self, apdu: &[u8], _: Wait<'_>) -> Result<Vec<u8>, SignerError> {
        self.judge(apdu);
        let what = apdu[1];
        let answer = self.left.pop_front().or_else(|| self.last.get(&what).cloned());
        let Some(answer) = answer else {
            return Err(SignerError::Disconnected { device: self.device(), why: LAST_WORDS.to_owned() });
        };
        self.last.insert(what, answer.clone());
        if let (0x0b, Some(data)) = (what, answer.strip_suffix(&[0x90, 0x00])) {
            self.hwm = QueryAllHwm.parse(data).ok().or(self.hwm);
        }
        Ok(answer)
    }

    fn device(&self) -> String {
        "ledger".to_owned()
    }
}
