//! The driver over a real unix socket: a served gadget, and everything that can be wrong with what is served.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use crate::support::{SECOND, gadget, names, unlock};
use failover_core::signer::tezsign::frame::{FrameId, FrameKind, encode};
use failover_core::signer::tezsign::message::{Answer, Ask, Empty, Failure, Request, Response, Version};
use failover_core::signer::tezsign::socket::{Socket, sign_path};
use failover_core::signer::tezsign::{Connect as _, Interface, TezSign, open};
use failover_core::signer::{Arming, Cap, Model, Place, Selector, SignerDevice as _, SignerError, raise};
use failover_core::tezos::Level;
use failover_sim::tezsign::SimGadget;
use prost::Message as _;
use tempfile::TempDir;

/// Serves one interface of a gadget, one connection at a time, its answers in pieces.
fn serve(gadget: &SimGadget, interface: Interface, path: &Path) {
    let (mut gadget, listener) = (gadget.seen_by("server"), UnixListener::bind(path).unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut buffer) = (stream.unwrap(), [0; 4096]);
            let mut link = gadget.open(interface, SECOND).unwrap();
            while let Ok(read @ 1..) = stream.read(&mut buffer) {
                let answer = link.pass(&buffer[..read]).unwrap();
                if answer.chunks(11).any(|piece| stream.write_all(piece).is_err()) {
                    break;
                }
            }
        }
    });
}

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.sock");
    (folder, path)
}

#[test]
fn a_served_gadget_is_unlocked_raised_and_locked() {
    let (gadget, _) = gadget();
    let (_folder, path) = folder();
    serve(&gadget, Interface::Management, &path);
    let mut driver = TezSign::new(Socket::new(&path));
    driver.hold().unwrap();
    assert!(!driver.holds(), "there is no sign interface to hold");
    serve(&gadget, Interface::Sign, &sign_path(&path));
    driver.hold().unwrap();
    driver.hold().unwrap();
    assert!(driver.holds());
    let second = TezSign::new(Socket::new(&path)).hold();
    assert!(matches!(second, Err(SignerError::Busy { .. })), "connected, but not served: {second:?}");
    unlock(&mut driver).unwrap();
    let level = Level::new(15_000_000).unwrap();
    let raised = raise(&mut driver, &names(), level, Cap::above(level, 100)).unwrap();
    assert_eq!(raised.len(), 2);
    driver.disarm().unwrap();
    let state = open(&Selector::new(Model::TezSign, Place::Unix(path.clone()))).unwrap().state().unwrap();
    assert!(state.keys.iter().all(|k| k.arming == Arming::Disarmed));
    assert_eq!(state.info.selector, format!("tezsign+unix:{}", path.display()));
}

#[test]
fn a_missing_and_a_dead_socket_are_told_apart() {
    let (_folder, path) = folder();
    let mut driver = TezSign::new(Socket::new(&path));
    assert!(matches!(driver.version(), Err(SignerError::NotFound { .. })));
    drop(UnixListener::bind(&path).unwrap());
    assert!(matches!(driver.version(), Err(SignerError::Disconnected { .. })));
}

/// Serves one connection by hand, and asks for the version on it. `act` gets the stream and the first request's id.
fn version_from(act: impl FnOnce(&mut UnixStream, FrameId) + Send + 'static) -> Result<Version, SignerError> {
    let (_folder, path) = folder();
    let listener = UnixListener::bind(&path).unwrap();
    let server = std::thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        let id = read_request(&mut stream);
        act(&mut stream, id);
    });
    let version = TezSign::new(Socket::new(&path)).version();
    server.join().unwrap();
    version.map(|told| told.unwrap())
}

/// The first request of an opening is 1,023 bytes long: it is through what an earlier client left half written at once.
fn read_request(stream: &mut UnixStream) -> FrameId {
    let mut frame = [0; 1023];
    stream.read_exact(&mut frame).unwrap();
    assert!(!frame[22..].contains(&0x56), "no byte of its end is the magic");
    assert_eq!(Request::decode(&frame[23..]).unwrap().ask, Some(Ask::Version(Empty {})));
    FrameId(frame[2..18].try_into().unwrap())
}

fn accept(id: FrameId) -> Vec<u8> {
    encode(FrameKind::Accept, id, &[]).to_vec()
}

fn response(id: FrameId, text: &str) -> Vec<u8> {
    let version = Version { version: text.to_owned(), build_date: String::new() };
    encode(FrameKind::Response, id, &Response::from(Answer::Version(version)).encode_to_vec()).to_vec()
}

const FOREIGN: FrameId = FrameId([0xee; 16]);

/// All parts in one answer, then the connection is closed.
fn version_of(parts: impl FnOnce(FrameId) -> Vec<Vec<u8>> + Send + 'static) -> Result<String, SignerError> {
    // The driver may have hung up before the end of it.
    version_from(|stream, id| drop(stream.write_all(&parts(id).concat()))).map(|version| version.version)
}

#[test]
fn only_the_answer_to_this_question_counts() {
    let mine = |id| vec![accept(id), response(id, "mine")];
    let foreign = || [accept(FOREIGN), response(FOREIGN, "foreign")].concat();
    assert_eq!(version_of(move |id| [vec![foreign()], mine(id)].concat()).unwrap(), "mine");
    // A response for an earlier process, and the rest of another one.
    assert_eq!(version_of(move |id| [vec![foreign()[30..].to_vec()], mine(id)].concat()).unwrap(), "mine");
    assert_eq!(version_of(move |id| [vec![b"garbage V garbage".to_vec()], mine(id)].concat()).unwrap(), "mine");
    // Two requests at work, answered out of order.
    let mixed = |id| vec![accept(id), accept(FOREIGN), response(FOREIGN, "foreign"), response(id, "mine")];
    assert_eq!(version_of(mixed).unwrap(), "mine");
    // Before 2025-12-02 there is no accept.
    assert_eq!(version_of(|id| vec![response(id, "mine")]).unwrap(), "mine");
    let alive = encode(FrameKind::KeepAlive, FrameId([0; 16]), &[]).to_vec();
    assert_eq!(version_of(move |id| vec![alive.clone(), accept(id), alive, response(id, "mine")]).unwrap(), "mine");
}

#[test]
fn a_broken_answer_is_never_taken() {
    let disconnected = |result| matches!(result, Err(SignerError::Disconnected { .. }));
    let malformed = |result| matches!(result, Err(SignerError::Malformed { what: "version", .. }));
    let wrong_parity = |mut frame: Vec<u8>| {
        frame[22] ^= 1;
        frame
    };
    assert!(disconnected(version_of(move |id| vec![accept(id), wrong_parity(response(id, "mine"))])));
    assert!(disconnected(version_of(|id| vec![accept(id), response(id, "mine")[..26].to_vec()])));
    assert!(disconnected(version_of(|id| vec![accept(id), accept(id)])));
    assert!(disconnected(version_of(|_| vec![response(FOREIGN, "foreign")])));
    let four_gib = |mut frame: Vec<u8>| {
        let parity = frame[18..22].iter().fold(0, |parity, byte| parity ^ byte);
        frame[18..22].copy_from_slice(&u32::MAX.to_le_bytes());
        frame[22] ^= parity;
        frame
    };
    assert!(malformed(version_of(move |id| vec![accept(id), four_gib(response(id, "mine"))])));
    let raw = |id, payload: &[u8]| encode(FrameKind::Response, id, payload).to_vec();
    assert!(malformed(version_of(move |id| vec![accept(id), raw(id, &[0xff, 0xff])])));
    assert!(malformed(version_of(move |id| vec![accept(id), raw(id, &[])])));
    let another = Response::from(Answer::Status(Default::default())).encode_to_vec();
    assert!(malformed(version_of(move |id| vec![accept(id), raw(id, &another)])));
    assert!(malformed(version_of(|_| vec![vec![0; 100_000]])));
}

#[test]
fn a_server_that_accepts_and_never_answers_is_a_timeout() {
    let accepted = version_from(|stream, id| {
        stream.write_all(&accept(id)).unwrap();
        assert_eq!(stream.read(&mut [0; 100]).unwrap(), 0, "accepted: nothing is sent again");
    });
    assert!(matches!(accepted, Err(SignerError::Timeout { what: "version", after, .. }) if after == 3 * SECOND));
}

#[test]
fn a_request_that_is_not_accepted_is_sent_again_three_times_at_most() {
    let version = version_from(|stream, first| {
        let others = [read_request(stream), read_request(stream)];
        assert!(!others.contains(&first) && others[0] != others[1], "each time with a new id");
        assert_eq!(stream.read(&mut [0; 100]).unwrap(), 0);
    });
    assert!(matches!(version, Err(SignerError::Timeout { what: "version", .. })));
}

#[test]
fn retry_is_answered_with_the_same_request_until_it_is_accepted() {
    let retry = || encode(FrameKind::Retry, FrameId([0; 16]), &[]).to_vec();
    let version = version_from(move |stream, id| {
        stream.write_all(&retry()).unwrap();
        assert_eq!(read_request(stream), id);
        stream.write_all(&[accept(id), retry(), response(id, "mine")].concat()).unwrap();
        assert_eq!(stream.read(&mut [0; 100]).unwrap(), 0, "accepted: retry is not answered");
    });
    assert_eq!(version.unwrap().version, "mine");
}

#[test]
fn a_request_that_was_read_as_the_rest_of_another_is_asked_again_with_a_new_id() {
    let version = version_from(|stream, first| {
        let bad = Failure { code: 1, message: "bad protobuf".to_owned() };
        let bad = Response::from(Answer::Error(bad)).encode_to_vec();
        stream.write_all(&[accept(FOREIGN), encode(FrameKind::Response, FOREIGN, &bad).to_vec()].concat()).unwrap();
        let id = read_request(stream);
        assert_ne!(id, first);
        stream.write_all(&[accept(id), response(id, "mine")].concat()).unwrap();
    });
    assert_eq!(version.unwrap().version, "mine");
}

#[test]
fn a_server_that_never_takes_the_connection_is_a_timeout() {
    let (_folder, path) = folder();
    let _listener = UnixListener::bind(&path).unwrap();
    let mut driver = TezSign::new(Socket::new(&path));
    assert!(matches!(driver.version(), Err(SignerError::Timeout { .. })));
}
