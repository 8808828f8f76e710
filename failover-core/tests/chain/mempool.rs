//! The mempool, listened to over a real socket: nothing that comes and goes between two looks is missed.
#![cfg(test)]
#![cfg(feature = "http")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use failover_core::chain::http::Http;
use failover_core::chain::octez::OctezNode;
use failover_core::chain::{ChainError, ChainNode, Head, Pooled};
use failover_core::clock::Timestamp;
use failover_core::tezos::{BlockHash, ChainId, KeyHash, Kind, Level, Round};
use serde_json::{Value, json};

const BAKER: &str = "tz1NNT9EERmcKekRq2vdv6e8TL3WQpY8AXSF";
/// The baker's slot at every level.
const SLOT: u16 = 3;
const HEAD: u64 = 1000;
/// How long an event may take that must come.
const PLENTY: Duration = Duration::from_secs(60);

/// A connection on which `monitor_operations` was asked; the test answers it.
struct Listening(TcpStream);

impl Listening {
    /// Begins a chunked answer.
    fn begin(&mut self) {
        self.0.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
    }

    /// Says something, in chunks of this size.
    fn say(&mut self, operations: &Value, size: usize) {
        for piece in format!("{operations}\n").as_bytes().chunks(size) {
            self.0.write_all(format!("{:x}\r\n", piece.len()).as_bytes()).unwrap();
            self.0.write_all(piece).unwrap();
            self.0.write_all(b"\r\n").unwrap();
            self.0.flush().unwrap();
        }
    }

    /// A new head.
    fn end(mut self) {
        self.0.write_all(b"0\r\n\r\n").unwrap();
    }

    fn refuse(mut self, status: &str) {
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        self.0.write_all(answer.as_bytes()).unwrap();
    }
}

/// What a node is asked and answers, but for the stream.
#[derive(Default)]
struct Answers {
    /// `None`: denied.
    pending: Option<Value>,
    rights_denied: bool,
    pending_asked: usize,
}

struct Node {
    node: OctezNode<Http>,
    answers: Arc<Mutex<Answers>>,
    streams: Receiver<Listening>,
}

impl Node {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answers = Arc::new(Mutex::new(Answers { pending: Some(pool(&json!([]))), ..Answers::default() }));
        let (asked, streams) = channel();
        let kept = Arc::clone(&answers);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, answers, asked) = (stream.unwrap(), Arc::clone(&kept), asked.clone());
                thread::spawn(move || connection(stream, &answers, &asked));
            }
        });
        Self { node: OctezNode::connect(&url).unwrap(), answers, streams }
    }

    fn look(&mut self) -> Result<Pooled, ChainError> {
        let head = Head {
            level: Level::new(HEAD).unwrap(),
            round: Round(0),
            hash: BlockHash::new([1; 32]),
            timestamp: Timestamp::from_millis(0),
            chain_id: ChainId::MAINNET,
            protocol: "P".to_owned(),
        };
        self.node.mempool(&BAKER.parse::<KeyHash>().unwrap(), &head)
    }

    fn found(&mut self) -> Vec<(Kind, u64, u32)> {
        self.look().unwrap().signed.iter().map(|s| (s.kind, s.at.level.get(), s.at.round.0)).collect()
    }

    /// The next time that the node is asked for the stream.
    fn asked(&self) -> Listening {
        self.streams.recv_timeout(PLENTY).expect("the stream is asked for")
    }
}

/// Answers one connection until it is asked for the stream, which the test answers.
fn connection(stream: TcpStream, answers: &Mutex<Answers>, asked: &Sender<Listening>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let path = line.split(' ').nth(1).unwrap().to_owned();
        while reader.read_line(&mut line).unwrap_or(0) > 2 {}
        if path.contains("monitor_operations") {
            let _ = asked.send(Listening(stream));
            return;
        }
        let mut answers = answers.lock().unwrap();
        let answer = if path.contains("pending_operations") {
            answers.pending_asked += 1;
            answers.pending.clone()
        } else if answers.rights_denied {
            None
        } else {
            let level: u64 = path.split("level=").nth(1).unwrap().split('&').next().unwrap().parse().unwrap();
            Some(json!([{"level": level, "delegates": [{"delegate": BAKER, "attestation_slot": SLOT}]}]))
        };
        let (status, body) = answer.map_or(("403 Forbidden", String::new()), |answer| ("200 OK", answer.to_string()));
        let text = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        if (&stream).write_all(text.as_bytes()).is_err() {
            return;
        }
    }
}

fn pool(validated: &Value) -> Value {
    json!({"validated": validated, "refused": [], "outdated": [], "branch_refused": [], "branch_delayed": [],
        "unprocessed": []})
}

fn vote(kind: &str, slot: u16, level: u64, round: u32) -> Value {
    json!({"hash": "o", "protocol": "P", "branch": "B", "signature": "s", "contents": [{"kind": kind, "slot": slot,
        "level": level, "round": round, "block_payload_hash": "vh"}]})
}

#[test]
fn a_vote_that_comes_and_goes_between_two_looks_is_seen() {
    let mut node = Node::new();
    assert!(node.found().is_empty());
    let mut stream = node.asked();
    stream.begin();
    // In chunks that do not end where the JSON does.
    stream.say(&json!([vote("attestation", 9, HEAD, 0)]), 7);
    stream.say(&json!([vote("preattestation", SLOT, HEAD + 1, 2), vote("attestation", 8, HEAD, 0)]), 11);
    stream.end();
    // It is asked again at once; by then all of the first answer was read.
    let mut stream = node.asked();
    let ours = (Kind::Preattestation, HEAD + 1, 2);
    assert_eq!(node.found(), [ours]);
    // It stays seen, beside what comes later, also in a first list.
    stream.begin();
    stream.say(&json!([vote("attestation_with_dal", SLOT, HEAD, 1)]), 5);
    stream.end();
    let _stream = node.asked();
    let mut found = node.found();
    found.sort();
    assert_eq!(found, [(Kind::Preattestation, HEAD + 1, 2), (Kind::Attestation, HEAD, 1)]);
}

#[test]
fn while_it_is_listened_to_nothing_else_is_asked() {
    let mut node = Node::new();
    node.found();
    let mut stream = node.asked();
    stream.begin();
    stream.say(&json!([]), 1000);
    // The list may be on its way still: at some look it is there, and from then on nothing else is asked.
    let asked = |node: &Node| node.answers.lock().unwrap().pending_asked;
    loop {
        let before = asked(&node);
        node.found();
        if asked(&node) == before {
            break;
        }
        thread::yield_now();
    }
    // The stream is gone: until there is another, the node is asked each time.
    stream.end();
    let _never_answered = node.asked();
    let before = asked(&node);
    node.answers.lock().unwrap().pending = Some(pool(&json!([vote("attestation", SLOT, HEAD, 0)])));
    assert_eq!(node.found(), [(Kind::Attestation, HEAD, 0)]);
    assert_eq!(asked(&node), before + 1);
}

#[test]
fn no_look_waits_for_a_stream_that_says_nothing() {
    let mut node = Node::new();
    node.found();
    let Listening(stream) = node.asked();
    node.answers.lock().unwrap().pending = Some(pool(&json!([vote("attestation", SLOT, HEAD, 0)])));
    assert_eq!(node.found(), [(Kind::Attestation, HEAD, 0)]);
    // It still waits when the look is over: nobody gave the stream up for the look's sake.
    stream.set_nonblocking(true).unwrap();
    let read = (&stream).read(&mut [0]).map_err(|error| error.kind());
    assert_eq!(read, Err(std::io::ErrorKind::WouldBlock));
}

#[test]
fn what_cannot_be_understood_is_told_and_what_was_found_counts() {
    let mut forged = vote("attestation", SLOT, HEAD, 0);
    forged["error"] = json!([{"kind": "permanent", "id": "proto.025-PsUshuai.operation.invalid_signature"}]);
    for (operation, why) in [
        (forged, None),
        (vote("attestation_v2", SLOT, HEAD, 0), Some("unknown kind")),
        (json!({"hash": "o", "data": "00"}), Some("could not decode")),
        (json!({"contents": [{"kind": 5}]}), Some("integer `5`")),
        (json!(7), Some("7")),
        (vote("attestation", SLOT, HEAD + 21, 0), Some("far above the head")),
    ] {
        let mut node = Node::new();
        node.found();
        let mut stream = node.asked();
        stream.begin();
        stream.say(&json!([operation]), 100);
        stream.end();
        let mut stream = node.asked();
        match (node.look(), why) {
            (Ok(found), None) => assert!(found.is_empty(), "{operation}"),
            (Err(ChainError::Malformed { why, .. }), Some(part)) => assert!(why.contains(part), "{why}"),
            other => panic!("{operation}: {other:?}"),
        }
        stream.begin();
        stream.say(&json!([operation, vote("attestation", SLOT, HEAD, 3)]), 100);
        stream.end();
        let _stream = node.asked();
        assert_eq!(node.found(), [(Kind::Attestation, HEAD, 3)], "{operation}");
    }
}

#[test]
fn a_vote_is_kept_until_it_can_be_told_whose_it_is() {
    let mut node = Node::new();
    node.found();
    node.answers.lock().unwrap().rights_denied = true;
    let mut stream = node.asked();
    stream.begin();
    stream.say(&json!([vote("attestation", SLOT, HEAD, 0)]), 100);
    stream.end();
    let _stream = node.asked();
    assert!(matches!(node.look(), Err(ChainError::Denied { .. })));
    node.answers.lock().unwrap().rights_denied = false;
    assert_eq!(node.found(), [(Kind::Attestation, HEAD, 0)]);
}

#[test]
fn a_node_that_cannot_be_listened_to_is_asked_and_one_that_denies_both_is_blind() {
    for status in ["403 Forbidden", "404 Not Found", "401 Unauthorized"] {
        let mut node = Node::new();
        node.answers.lock().unwrap().pending = Some(pool(&json!([vote("attestation", SLOT, HEAD, 0)])));
        assert_eq!(node.found().len(), 1);
        node.asked().refuse(status);
        for _ in 0..3 {
            assert_eq!(node.found().len(), 1, "{status}");
        }
        assert_eq!(node.answers.lock().unwrap().pending_asked, 4);
        // Blind, and it says so; what was seen before still counts.
        node.answers.lock().unwrap().pending = None;
        assert_eq!(node.found().len(), 1);
        let mut blind = Node::new();
        blind.answers.lock().unwrap().pending = None;
        assert!(matches!(blind.look(), Err(ChainError::Denied { status: 403, .. })));
        assert!(node.streams.try_recv().is_err(), "{status}: it is not asked again");
    }
}

#[test]
fn it_listens_again_after_a_break_and_no_more_when_it_is_dropped() {
    let mut node = Node::new();
    node.found();
    // A connection that breaks in the middle of a list loses nothing of it that was whole.
    let mut stream = node.asked();
    stream.begin();
    let list = json!([vote("attestation", SLOT, HEAD, 4), vote("attestation", 5, HEAD, 4)]).to_string();
    let half = &list[..list.len() - 30];
    stream.0.write_all(format!("{:x}\r\n{half}\r\n", half.len()).as_bytes()).unwrap();
    drop(stream);
    let mut stream = node.asked();
    assert_eq!(node.found(), [(Kind::Attestation, HEAD, 4)]);
    let Node { node, streams, .. } = node;
    drop(node);
    stream.begin();
    // Nobody reads any more: the connection is closed, which is an event here.
    stream.say(&json!([]), 100);
    assert_eq!(stream.0.read(&mut [0]).unwrap_or(0), 0);
    assert!(streams.try_recv().is_err());
}
