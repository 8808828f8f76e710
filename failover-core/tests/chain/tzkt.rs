//! TzKT as a source, against a server on loopback that answers from a table.
#![cfg(test)]
#![cfg(feature = "http")]

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use failover_core::chain::tzkt::Tzkt;
use failover_core::chain::{ChainError, ChainLevelSource, LastSigned};
use failover_core::tezos::{BlockHash, ChainId, KeyHash, Kind, Level};

const BAKER: &str = "tz1NNT9EERmcKekRq2vdv6e8TL3WQpY8AXSF";

/// TzKT that answers a path that begins like this with this status, further headers and body; else 204.
fn tzkt(answers: Vec<(String, &'static str, String)>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let first = lines.next().unwrap().unwrap();
            let path = first.split(' ').nth(1).unwrap().to_owned();
            while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
            let found = answers.iter().find(|(begins, ..)| path.starts_with(begins.as_str()));
            let (status, body) = found.map_or(("204 No Content", ""), |(_, status, body)| (status, body));
            let length = body.len();
            let answer = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}");
            // A client that has seen enough hangs up.
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    url
}

fn ok(path: &str, body: String) -> (String, &'static str, String) {
    (path.to_owned(), "200 OK", body)
}

fn hash() -> BlockHash {
    BlockHash::new([7; 32])
}

/// A head that is 10 levels behind what TzKT's node knows, with every null left out.
fn at(level: &str, chain: ChainId) -> Vec<(String, &'static str, String)> {
    let hash = hash();
    let head = format!(
        r#"{{"chainId":"{chain}","level":{level},"hash":"{hash}","protocol":"PsUshuai","knownLevel":110,"synced":false,
            "timestamp":"2026-10-07T08:19:19Z"}}"#
    );
    let block = format!(r#"{{"level":{level},"hash":"{hash}","blockRound":2}}"#);
    vec![ok("/v1/head", head), ok(&format!("/v1/blocks/{hash}"), block.clone()), ok("/v1/blocks/100", block)]
}

fn signed(level: u64, who: &str) -> String {
    format!(r#"[{{"level":{level},"{who}":{{"address":"{BAKER}"}}}}]"#)
}

#[test]
fn the_indexed_level_not_the_known_one() {
    let url = tzkt(at("100", ChainId::MAINNET));
    for base in [url.clone(), format!("{url}/"), format!("{url}/v1"), format!("{url}/v1/")] {
        let mut tzkt = Tzkt::connect(&base).unwrap();
        assert_eq!(tzkt.name(), format!("tzkt {url}"));
        let head = tzkt.head().unwrap();
        assert_eq!((head.level.get(), head.round.0, head.hash), (100, 2, hash()));
        assert_eq!((head.timestamp.to_string().as_str(), head.chain_id), ("2026-10-07T08:19:19Z", ChainId::MAINNET));
        assert_eq!(tzkt.hash_at(head.level).unwrap(), hash());
        assert!(matches!(tzkt.hash_at(head.level.above(10)), Err(ChainError::Missing { .. })));
    }
    // Which chain it is on is said as it is: the caller compares.
    let other = ChainId::new([1, 2, 3, 4]);
    assert_eq!(Tzkt::connect(&tzkt(at("100", other))).unwrap().head().unwrap().chain_id, other);
}

#[test]
fn levels_that_no_chain_has() {
    for level in ["0", "-1", "2147483648", "1000000000000000000000", "1.5", "null", "\"100\""] {
        let error = Tzkt::connect(&tzkt(at(level, ChainId::MAINNET))).unwrap().head().unwrap_err();
        assert!(matches!(error, ChainError::Malformed { .. }), "{level}: {error:?}");
    }
    assert!(Tzkt::connect(&tzkt(at("2147483647", ChainId::MAINNET))).unwrap().head().is_ok());
}

#[test]
fn the_level_that_was_signed_not_the_including_one() {
    let baker: KeyHash = BAKER.parse().unwrap();
    let answers = |attested: String| {
        vec![
            ok("/v1/operations/attestations?delegate=tz1NNT9", attested),
            ok("/v1/operations/preattestations?delegate=tz1NNT9", "[]".to_owned()),
            ok("/v1/blocks?anyof.proposer.producer=tz1NNT9", signed(90, "producer")),
        ]
    };
    let ask = |attested| Tzkt::connect(&tzkt(answers(attested))).unwrap().last_signed(&baker);
    let last = |kind, level| LastSigned { kind, level: Level::new(level).unwrap() };
    let found = ask(signed(100, "delegate")).unwrap().unwrap();
    assert_eq!(found, [last(Kind::Attestation, 99), last(Kind::Block, 90)]);
    // No signature known is not level 0; a vote in block 1 and another baker's are no answers.
    assert_eq!(ask("[]".to_owned()).unwrap().unwrap(), [last(Kind::Block, 90)]);
    let stranger = signed(100, "delegate").replace(BAKER, "tz1burnburnburnburnburnburnburjAYjjX");
    for wrong in [signed(0, "delegate"), signed(1, "delegate"), signed(1 << 31, "delegate"), stranger] {
        assert!(matches!(ask(wrong.clone()), Err(ChainError::Malformed { .. })), "{wrong}");
    }
}

#[test]
fn too_many_questions_and_something_else() {
    let ask = |status, body: &str| {
        Tzkt::connect(&tzkt(vec![("/".to_owned(), status, body.to_owned())])).unwrap().head().unwrap_err()
    };
    for (status, after) in [
        ("429 Too Many Requests\r\nRetry-After: 30", Some(30)),
        ("429 Too Many Requests", None),
        ("429 Too Many Requests\r\nRetry-After: Wed, 07 Oct 2026 08:19:19 GMT", None),
        ("429 Too Many Requests\r\nRetry-After: 18446744073709551615", Some(86_400)),
    ] {
        let error = ask(status, "<html>");
        let expected = after.map(Duration::from_secs);
        assert!(matches!(&error, ChainError::RateLimited { retry_after, .. } if *retry_after == expected), "{error:?}");
        assert!(error.to_string().contains("/v1/head") && error.next().contains("wait"), "{error}");
    }
    let error = ask("200 OK", "<!DOCTYPE html><title>Welcome</title>");
    assert!(matches!(&error, ChainError::Malformed { why, .. } if why == "HTML, not JSON"), "{error:?}");
    assert!(matches!(ask("200 OK", "[]"), ChainError::Malformed { .. }));
    assert!(matches!(ask("204 No Content", ""), ChainError::Missing { .. }));
}
