//! Exchanges with a gadget that says what it is told to: what counts as an answer, what is sent again, and how often.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use prost::Message as _;

use super::exchange::{Session, Until};
use super::frame::{Decoder, FrameId, FrameKind, encode};
use super::message::{
    Answer, Ask, Done, Empty, Failure, KeyStatus, LockState, Response, SetLevel, Status, Unlock, Version,
};
use super::*;
use crate::signer::{Cap, DeviceReading};

/// What the gadget says to one request.
#[derive(Debug, Clone)]
enum Say {
    Accept,
    Retry,
    Answer(Answer),
    /// An answer to another request.
    Other(Answer),
}

/// What was sent, and what will be said to it.
#[derive(Debug, Default)]
struct Script {
    sent: Vec<FrameId>,
    says: VecDeque<Vec<Say>>,
    waiting: Vec<u8>,
    /// How often a deadline passed.
    passed: usize,
}

/// A link that says nothing more lets every deadline pass at once.
#[derive(Debug, Clone, Default)]
struct Scripted(Arc<Mutex<Script>>);

impl Scripted {
    fn new(says: &[&[Say]]) -> Self {
        let says = says.iter().map(|each| each.to_vec()).collect();
        Self(Arc::new(Mutex::new(Script { says, ..Script::default() })))
    }

    fn ask(&self, ask: Ask) -> Result<Answer, SignerError> {
        Session::new(self.clone(), "scripted".to_owned()).ask(ask, Until::from_now(Duration::from_secs(60)))
    }

    fn sent(&self) -> Vec<FrameId> {
        self.0.lock().unwrap().sent.clone()
    }
}

impl Link for Scripted {
    fn send(&mut self, frame: &[u8], _: Duration) -> Result<(), LinkError> {
        let mut decoder = Decoder::new();
        decoder.push(frame);
        let id = decoder.next_frame().unwrap().unwrap().id;
        let mut script = self.0.lock().unwrap();
        script.sent.push(id);
        for say in script.says.pop_front().unwrap_or_default() {
            let other = FrameId([0xee; 16]);
            let (kind, id, payload) = match say {
                Say::Accept => (FrameKind::Accept, id, Vec::new()),
                Say::Retry => (FrameKind::Retry, id, Vec::new()),
                Say::Answer(answer) => (FrameKind::Response, id, Response::from(answer).encode_to_vec()),
                Say::Other(answer) => (FrameKind::Response, other, Response::from(answer).encode_to_vec()),
            };
            script.waiting.extend_from_slice(&encode(kind, id, &payload));
        }
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8], _: Duration) -> Result<usize, LinkError> {
        let mut script = self.0.lock().unwrap();
        let count = script.waiting.len().min(buffer.len());
        if count == 0 {
            script.passed += 1;
            return Err(LinkError::Timeout);
        }
        buffer[..count].copy_from_slice(&script.waiting[..count]);
        script.waiting.drain(..count);
        Ok(count)
    }
}

fn told() -> Answer {
    Answer::Version(Version { version: "2026-04-30".to_owned(), build_date: String::new() })
}

fn failure(code: u32) -> Answer {
    Answer::Error(Failure { code, message: "no".to_owned() })
}

fn read() -> Ask {
    Ask::Version(Empty {})
}

fn write() -> Ask {
    Ask::SetLevel(SetLevel { key: "consensus".to_owned(), level: 7 })
}

#[test]
fn an_answer_comes_after_its_accept_or_before_2025_12_02_without_one() {
    let gadget = Scripted::new(&[&[Say::Accept, Say::Answer(told())]]);
    assert_eq!(gadget.ask(read()).unwrap(), told());
    for ask in [read(), write()] {
        let gadget = Scripted::new(&[&[Say::Answer(told())]]);
        assert_eq!(gadget.ask(ask).unwrap(), told());
        assert_eq!(gadget.sent().len(), 1);
    }
}

#[test]
fn what_is_not_accepted_is_sent_three_times_where_that_is_harmless_and_else_once() {
    for (ask, times) in [(read(), 3), (write(), 1)] {
        let gadget = Scripted::new(&[]);
        assert!(matches!(gadget.ask(ask), Err(SignerError::Timeout { .. })));
        let sent = gadget.sent();
        assert_eq!(sent.len(), times);
        assert!(sent.windows(2).all(|two| two[0] != two[1]), "each time with another id");
    }
    let unlock = Ask::Unlock(Unlock { keys: Vec::new(), passphrase: None });
    assert!(read().repeatable() && Ask::Status(Empty {}).repeatable() && !write().repeatable() && !unlock.repeatable());
}

#[test]
fn a_frame_that_the_gadget_lost_is_sent_again_as_it_is_three_times_at_most() {
    let answered = [Say::Accept, Say::Answer(told())];
    let gadget = Scripted::new(&[&[Say::Retry], &[Say::Retry], &answered]);
    assert_eq!(gadget.ask(write()).unwrap(), told());
    let sent = gadget.sent();
    assert!(sent.len() == 3 && sent.iter().all(|id| *id == sent[0]), "{sent:?}");

    let gadget = Scripted::new(&[&[Say::Retry], &[Say::Retry], &[Say::Retry], &answered]);
    assert!(matches!(gadget.ask(write()), Err(SignerError::Timeout { .. })));
    assert_eq!(gadget.sent().len(), 3);

    let gadget = Scripted::new(&[&[Say::Accept, Say::Retry, Say::Answer(told())]]);
    assert_eq!(gadget.ask(write()).unwrap(), told());
    assert_eq!(gadget.sent().len(), 1, "what was accepted is not sent again");
}

#[test]
fn a_request_that_was_read_as_the_rest_of_another_is_asked_again_where_that_is_harmless() {
    let answered = [Say::Accept, Say::Answer(told())];
    let spoiled = Say::Other(failure(1));
    let gadget = Scripted::new(&[std::slice::from_ref(&spoiled), &answered]);
    assert_eq!(gadget.ask(read()).unwrap(), told());
    assert_eq!(gadget.sent().len(), 2);
    assert_eq!(gadget.0.lock().unwrap().passed, 0, "at once");
    for (says, ask) in [
        ([spoiled.clone(), Say::Accept, Say::Answer(told())], write()),
        ([Say::Accept, spoiled, Say::Answer(told())], read()),
        ([Say::Other(failure(2)), Say::Accept, Say::Answer(told())], read()),
        ([Say::Other(told()), Say::Accept, Say::Answer(told())], read()),
    ] {
        let gadget = Scripted::new(&[&says]);
        assert_eq!(gadget.ask(ask).unwrap(), told());
        assert_eq!(gadget.sent().len(), 1, "{says:?}");
    }
}

/// Opens links to one gadget, after so many refusals.
#[derive(Debug, Default)]
struct Opens {
    gadget: Scripted,
    busy: usize,
    proof: bool,
}

impl Connect for Opens {
    type Link = Scripted;

    fn open(&mut self, _: Interface, _: Duration) -> Result<Scripted, SignerError> {
        if self.busy > 0 {
            self.busy -= 1;
            return Err(SignerError::Busy { device: self.selector(), holder: "somebody".to_owned() });
        }
        Ok(self.gadget.clone())
    }

    fn claim_is_proof(&self) -> bool {
        self.proof
    }

    fn selector(&self) -> String {
        "scripted".to_owned()
    }
}

#[test]
fn one_that_is_busy_for_a_moment_is_waited_for() {
    let gadget = Scripted::new(&[&[Say::Accept, Say::Answer(told())]]);
    let mut device = TezSign::new(Opens { gadget, busy: 2, proof: true });
    assert_eq!(TezSign::version(&mut device).unwrap().unwrap().version, "2026-04-30");
}

#[test]
fn it_holds_what_it_claimed_and_asks_only_where_a_claim_is_no_proof() {
    for (proof, asked) in [(true, 0), (false, 1)] {
        let gadget = Scripted::new(&[&[Say::Accept, Say::Answer(told())]]);
        let mut device = TezSign::new(Opens { gadget: gadget.clone(), busy: 0, proof });
        assert!(!device.holds());
        device.hold().unwrap();
        assert!(device.holds());
        assert_eq!(gadget.sent().len(), asked);
        device.release();
        assert!(!device.holds());
    }
}

#[test]
fn s5_a_level_that_was_not_set_is_an_error() {
    let key = KeyStatus {
        key: "consensus".to_owned(),
        lock_state: 2,
        tz4: "tz4J49BRMNXRArYj79UDpCvJUvefYAtqwmcJ".to_owned(),
        ..KeyStatus::default()
    };
    let listed = Answer::Status(Status { keys: vec![key.clone()] });
    let first = [Say::Accept, Say::Answer(listed)];
    for (ok, set) in [(true, true), (false, false)] {
        let second = [Say::Accept, Say::Answer(Answer::Ok(Done { ok }))];
        let gadget = Scripted::new(&[&first, &first, &second]);
        let mut device = TezSign::new(Opens { gadget, busy: 0, proof: true });
        let reading = DeviceReading::of(&mut device).unwrap();
        let level = |n| crate::tezos::Level::new(n).unwrap();
        let orders = reading.orders(&[KeyName::new("consensus")], level(100), Cap::above(level(100), 100)).unwrap();
        assert_eq!(orders[0].push(&mut device).is_ok(), set);
    }
    // Neither a key without a name nor one of another curve is a TezSign's.
    let other = "tz1TnEtqDV9mZyts2pfMy6Jw1BTPs4LMjL8M".to_owned();
    for wrong in [KeyStatus { key: String::new(), ..key.clone() }, KeyStatus { tz4: other, ..key }] {
        assert!(super::state::keys(&[wrong]).is_err());
    }
}

/// A file of the key that is cut off leaves it without an address: that is the card, and no bytes of another shape.
#[test]
fn a_key_without_an_address_is_a_damaged_card() {
    let status =
        KeyStatus { key: "consensus".to_owned(), lock_state: LockState::Locked.into(), ..KeyStatus::default() };
    let error = state::keys(&[status]).unwrap_err();
    assert!(matches!(&error, SignerError::DamagedCard { key, .. } if key.as_str() == "consensus"), "{error}");
}
