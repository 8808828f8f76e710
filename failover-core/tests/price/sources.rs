//! Who is asked: the own node, TzKT where its access list denies the rights; over real servers on loopback, and never
//! for long (S10).

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use failover_core::chain::octez::OctezNode;
use failover_core::chain::tzkt::Tzkt;
use failover_core::chain::{ChainError, ChainLevelSource, Rights, Rpc};
use failover_core::clock::{Clock, SystemClock, Timestamp};
use failover_core::price::{ALL, Answers, Known, Price, QUESTION, ask};
use serde_json::json;

use crate::shapes::sandbox;
use crate::support::{BAKER, STRANGER, Table, ahead, baker, now, rights};

/// A server that answers what `answer` says to a path: a status with its reason, and a body.
fn serve(answer: impl Fn(&str) -> (&'static str, String) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let first = lines.next().unwrap().unwrap();
            let path = first.split(' ').nth(1).unwrap().to_owned();
            while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
            let (status, body) = answer(&path);
            let length = body.len();
            let answer = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}");
            // A client that has seen enough hangs up.
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    url
}

/// A foreign node: everything but `helpers/*`.
fn foreign_node() -> String {
    let table = sandbox();
    serve(move |path| match table.clone().get(path, Duration::ZERO, 0) {
        _ if path.contains("/helpers/") => ("403 Forbidden", String::new()),
        Ok(body) => ("200 OK", String::from_utf8(body).unwrap()),
        Err(_) => ("404 Not Found", String::new()),
    })
}

fn right(kind: &str, level: u64, round: Option<u32>) -> serde_json::Value {
    let mut right = json!({"type": kind, "cycle": 2, "level": level, "timestamp": "2026-10-07T08:19:19Z",
        "baker": {"alias": "somebody", "address": BAKER}, "status": "future"});
    // Nulls are left out.
    match round {
        Some(round) => right["round"] = json!(round),
        None => right["slots"] = json!(70),
    }
    right
}

fn tzkt_rights() -> serde_json::Value {
    // Of both kinds in one list; more rounds and later votes than are wanted.
    json!([
        right("attestation", 1001, None),
        right("baking", 1003, Some(0)),
        right("baking", 1004, Some(7)),
        right("attestation", 1012, None),
        right("attestation", 1013, None),
        right("baking", 1300, Some(1)),
    ])
}

fn asked(node: &str, tzkt: Option<&str>) -> Answers {
    let mut node = OctezNode::connect(node).unwrap();
    let mut tzkt = tzkt.map(|url| Tzkt::connect(url).unwrap());
    let others = tzkt.iter_mut().map(|tzkt| tzkt as &mut dyn ChainLevelSource).collect();
    ask(&mut node, others, &baker(), (&ahead(), 2), &SystemClock)
}

#[test]
fn rights_that_a_foreign_node_denies_come_from_tzkt() {
    let paths = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&paths);
    let tzkt = serve(move |path| {
        seen.lock().unwrap().push(path.to_owned());
        ("200 OK", tzkt_rights().to_string())
    });
    let answers = asked(&foreign_node(), Some(&tzkt));
    assert!(answers.earnings.is_ok(), "{answers:?}");
    let found = answers.rights.as_ref().unwrap();
    assert_eq!(found.source, format!("tzkt {tzkt}"));
    let expected = Rights { all_bakers_attest: None, ..rights(&[(1003, 0), (1300, 1)], [1001, 1012].into_iter()) };
    assert_eq!(found.value, expected);
    let path = format!("/v1/rights?baker={BAKER}&level.gt=1000&level.le=1300&sort.asc=level&limit=2000");
    assert_eq!(*paths.lock().unwrap(), [path]);
    assert!(matches!(Price::of(&answers, &now()).coming, Known::Known(coming) if coming.skipped_votes == 2));
}

#[test]
fn without_anybody_who_knows_rights_the_reasons_are_said() {
    let node = foreign_node();
    let answers = asked(&node, None);
    let why = answers.rights.as_ref().unwrap_err();
    assert!(why.why.contains("denies") && why.why.contains(&node), "{why}");
    // What else is known is shown.
    let lines = Price::of(&answers, &now()).lines();
    assert!(lines.len() == 3 && lines[1].contains("is not known: node"), "{lines:?}");

    let tzkt = serve(|_| ("429 Too Many Requests\r\nRetry-After: 30", String::new()));
    let why = asked(&node, Some(&tzkt)).rights.unwrap_err();
    assert!(why.why.contains("denies") && why.why.contains("; tzkt") && why.why.contains("too often"), "{why}");
}

#[test]
fn tzkt_rights_of_another_shape_are_no_answer() {
    let mut stranger = right("baking", 1003, Some(0));
    stranger["baker"]["address"] = json!(STRANGER);
    let many: Vec<_> = (0..2_000).map(|_| right("attestation", 1001, None)).collect();
    for answer in [
        json!([right("dreaming", 1003, Some(0))]),
        json!([right("baking", 1003, None)]),
        json!([right("attestation", 1003, Some(0))]),
        json!([right("attestation", 1000, None)]),
        json!([right("attestation", 1301, None)]),
        json!([stranger]),
        json!({}),
        // As many as it gives at once: there may be more.
        json!(many),
    ] {
        let text = answer.to_string();
        let tzkt = serve(move |_| ("200 OK", text.clone()));
        let error = Tzkt::connect(&tzkt).unwrap().rights(&baker(), &ahead(), QUESTION).unwrap_err();
        let begins: String = answer.to_string().chars().take(200).collect();
        assert!(matches!(error, ChainError::Malformed { .. }), "{begins}: {error:?}");
    }
    // The older name of a vote.
    let tzkt = serve(|_| ("200 OK", json!([right("endorsing", 1002, None)]).to_string()));
    let found = Tzkt::connect(&tzkt).unwrap().rights(&baker(), &ahead(), QUESTION).unwrap().unwrap();
    assert_eq!(found.votes.len(), 1);
}

#[test]
fn a_node_that_is_gone_is_asked_once_and_the_others_are_still_asked() {
    let table = Table::default();
    table.fail("/", ChainError::Unreachable { source_name: "table".into(), why: "connection refused".into() });
    let tzkt = serve(|_| ("200 OK", tzkt_rights().to_string()));
    let (mut node, mut tzkt) = (OctezNode::new(table.clone()), Tzkt::connect(&tzkt).unwrap());
    let answers = ask(&mut node, vec![&mut tzkt], &baker(), (&ahead(), 2), &SystemClock);
    assert!(answers.earnings.unwrap_err().why.contains("connection refused"));
    assert_eq!(answers.rights.unwrap().value.votes.len(), 2);
    assert_eq!(table.asked().len(), 1);
}

/// A clock that only sources move.
#[derive(Clone, Default)]
struct Moved(Arc<Mutex<Duration>>);

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(0).after(*self.0.lock().unwrap())
    }
    fn steady(&self) -> Duration {
        *self.0.lock().unwrap()
    }
    fn sleep(&self, duration: Duration) {
        *self.0.lock().unwrap() += duration;
    }
}

/// Never answers, as long as it may.
struct Hangs(Moved);

impl Rpc for Hangs {
    fn name(&self) -> &'static str {
        "slow"
    }
    fn get(&mut self, path: &str, deadline: Duration, _: usize) -> Result<Vec<u8>, ChainError> {
        self.0.sleep(deadline);
        Err(ChainError::Timeout { source_name: "slow".into(), path: path.into(), after: deadline })
    }
}

#[test]
fn s10_however_many_hang_it_is_over_in_seconds() {
    let clock = Moved::default();
    let mut node = OctezNode::new(Hangs(clock.clone()));
    let mut tzkts: Vec<_> = (0..20).map(|_| Tzkt::new(Hangs(clock.clone()))).collect();
    let others = tzkts.iter_mut().map(|tzkt| tzkt as &mut dyn ChainLevelSource).collect();
    let answers = ask(&mut node, others, &baker(), (&ahead(), 2), &clock);
    assert!(answers.earnings.is_err() && answers.rights.is_err(), "{answers:?}");
    // All of the time was used, and no more but for the rounding of a clock in milliseconds.
    let taken = *clock.0.lock().unwrap();
    assert!(taken >= ALL && taken < ALL + Duration::from_millis(10), "{taken:?}");
    let price = Price::of(&answers, &now());
    assert!(matches!(price.waiting, Known::Unknown(_)) && matches!(price.coming, Known::Unknown(_)));
}
