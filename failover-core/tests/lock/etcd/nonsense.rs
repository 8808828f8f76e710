//! A server that is not etcd, or not in its right mind: nothing of what it says is a lock.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use failover_core::lock::etcd::{EtcdError, EtcdLock, EtcdOptions};
use failover_core::lock::{FailoverLock as _, LockError};
use failover_core::tezos::ChainId;
use serde_json::{Value, json};

use super::server::until;
use super::support::{acquire, baker};

type Script = Box<dyn FnMut(&str, &Value) -> (u16, String) + Send>;

/// Answers as the script says; to the path after `/v3/`.
fn serve(script: impl FnMut(&str, &Value) -> (u16, String) + Send + 'static) -> EtcdOptions {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let script: Arc<Mutex<Script>> = Arc::new(Mutex::new(Box::new(script)));
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let script = Arc::clone(&script);
            std::thread::spawn(move || answer(stream, &script));
        }
    });
    EtcdOptions { ttl: Duration::from_secs(3), ..EtcdOptions::new(vec![url.parse().unwrap()]) }
}

fn answer(mut stream: TcpStream, script: &Mutex<Script>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.trim_start_matches("/v3/").to_owned();
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        if header.trim().is_empty() {
            break;
        }
        if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (status, text) = script.lock().ok()?(&path, &serde_json::from_slice(&body).ok()?);
    let head = format!(
        "HTTP/1.1 {status} x\r\ncontent-length: {}\r\nlocation: /elsewhere\r\nconnection: close\r\n\r\n",
        text.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(text.as_bytes()).ok()
}

const HEADER: &str = r#""header":{"cluster_id":"1","member_id":"2","revision":"7","raft_term":"3"}"#;

/// An etcd in a few lines, whose answers to one path are another's.
fn etcd_but(path: &'static str, other: impl Fn(u32) -> (u16, String) + Send + 'static) -> EtcdOptions {
    let mut kept: Option<Value> = None;
    let mut turn = 0;
    serve(move |asked, order| {
        if asked == path {
            turn += 1;
            let (status, text) = other(turn);
            if status != 0 {
                return (status, text);
            }
        }
        let text = match asked {
            "lease/grant" => format!(r#"{{{HEADER},"ID":"42","TTL":"3"}}"#),
            "lease/keepalive" => format!(r#"{{"result":{{{HEADER},"ID":"42","TTL":"3"}}}}"#),
            "lease/timetolive" => format!(r#"{{{HEADER},"ID":"42","TTL":"2"}}"#),
            "kv/txn" => {
                let mut put = order.pointer("/success/0/request_put").cloned().unwrap_or_default();
                put["create_revision"] = json!("7");
                kept.get_or_insert(put);
                format!(
                    r#"{{{HEADER},"succeeded":true,"responses":[{{"response_put":{{"header":{{"revision":"7"}}}}}}]}}"#
                )
            }
            "kv/range" => match &kept {
                Some(key) => format!(r#"{{{HEADER},"kvs":[{key}],"count":"1"}}"#),
                None => format!("{{{HEADER}}}"),
            },
            _ => format!("{{{HEADER}}}"),
        };
        (200, text)
    })
}

fn refused(options: &EtcdOptions) -> EtcdError {
    match acquire(options, "failover run") {
        Err(LockError::Etcd(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_not_etcd_is_no_lock() {
    let right = etcd_but("nothing", |_| (0, String::new()));
    acquire(&right, "failover run").unwrap().still_held().unwrap();
    for (status, text) in [
        (200, "<html><body>Welcome to nginx</body></html>".to_owned()),
        (200, String::new()),
        (200, "{}".to_owned()),
        (200, "[]".to_owned()),
        (200, "null".to_owned()),
        (200, r#"{"header":{}}"#.to_owned()),
        (200, format!("{{{HEADER},\"x\":\"{}\"}}", "x".repeat(100_000))),
        (302, "{}".to_owned()),
        (404, "not found".to_owned()),
        (500, r#"{"error":"etcdserver: request timed out","code":2}"#.to_owned()),
        (503, r#"{"error":"etcdserver: no leader","code":14}"#.to_owned()),
    ] {
        let said = text.clone();
        let error = refused(&serve(move |_, _| (status, text.clone())));
        assert!(matches!(error, EtcdError::NoAnswer { .. }), "{said:.80}: {error:?}");
    }
}

#[test]
fn an_answer_without_what_it_must_have_is_no_lock() {
    let all = |path: &'static str, text: &str| {
        let text = text.replace("HEADER", HEADER);
        refused(&etcd_but(path, move |_| (200, text.clone())))
    };
    for text in
        ["{HEADER}", r#"{HEADER,"ID":"42"}"#, r#"{HEADER,"ID":"0","TTL":"3"}"#, r#"{HEADER,"ID":"x","TTL":"3"}"#]
    {
        assert!(matches!(all("lease/grant", text), EtcdError::Malformed { .. }), "{text}");
    }
    // An order that was not understood is an empty success; the key is not there.
    for text in [
        "{HEADER}",
        r#"{HEADER,"succeeded":true}"#,
        r#"{HEADER,"succeeded":true,"responses":[]}"#,
        r#"{HEADER,"succeeded":true,"responses":[{"response_range":{}}]}"#,
        r#"{HEADER,"succeeded":"yes","responses":[{"response_put":{}}]}"#,
        r#"{HEADER,"succeeded":true,"responses":[{"response_put":{"header":{"revision":"7"}}}]}"#,
    ] {
        assert!(matches!(all("kv/txn", text), EtcdError::Malformed { .. }), "{text}");
        // Nor is it a lock that is free.
        let answer = text.replace("HEADER", HEADER);
        let options = etcd_but("kv/txn", move |_| (200, answer.clone()));
        let look = EtcdLock::look(&options, ChainId::MAINNET, baker());
        assert!(matches!(look, Err(EtcdError::Malformed { .. })), "{text}: {look:?}");
    }
    // What is read back is not what was written.
    for text in [
        "{HEADER}",
        r#"{HEADER,"kvs":{}}"#,
        r#"{HEADER,"kvs":[{},{}]}"#,
        r#"{HEADER,"kvs":[{"lease":"42","value":"eA=="}]}"#,
        r#"{HEADER,"kvs":[{"lease":"42","value":"eA==","create_revision":"7"}]}"#,
        r#"{HEADER,"kvs":[{"lease":"42","value":"!","create_revision":"7"}]}"#,
        r#"{HEADER,"kvs":[{"lease":"42","value":"eA==","create_revision":"0"}]}"#,
    ] {
        assert!(matches!(all("kv/range", text), EtcdError::Malformed { .. }), "{text}");
    }
}

/// The answer to the put is lost, and what was done is read back.
#[test]
fn an_unknown_put_is_what_is_read_back() {
    let unknown = |_| (500, r#"{"error":"context deadline exceeded","code":2}"#.to_owned());
    // It was not written.
    assert!(matches!(refused(&etcd_but("kv/txn", unknown)), EtcdError::NoAnswer { .. }));
    // It was: the first one's answer got lost on the way, and the second says only that the key is there.
    let there = format!(r#"{{{HEADER},"responses":[{{"response_range":{{}}}}]}}"#);
    let mut value = None;
    let options = serve({
        let mut puts = 0;
        move |path, order| match path {
            "lease/grant" => (200, format!(r#"{{{HEADER},"ID":"42","TTL":"3"}}"#)),
            "kv/txn" => {
                puts += 1;
                let put = order.pointer("/success/0/request_put/value").cloned();
                value = value.take().or(put);
                if puts == 1 { (500, "{\"error\":\"x\",\"code\":2}".to_owned()) } else { (200, there.clone()) }
            }
            "kv/range" => {
                let value = value.clone().unwrap_or_default();
                (200, format!(r#"{{{HEADER},"kvs":[{{"create_revision":"7","lease":"42","value":{value}}}]}}"#))
            }
            _ => (200, format!("{{{HEADER}}}")),
        }
    });
    let held = acquire(&options, "failover run").unwrap();
    assert_eq!(held.token().unwrap().get(), 7);
}

/// It was held. What it says afterwards is neither a yes nor a no, and the own clock decides.
#[test]
fn nonsense_in_the_middle_is_neither_a_yes_nor_a_no() {
    for text in [
        "<html>".to_owned(),
        "{}".to_owned(),
        format!("{{{HEADER}}}"),
        format!(r#"{{"result":{{{HEADER},"ID":"43","TTL":"3"}}}}"#),
        format!(r#"{{"result":{{{HEADER},"ID":"43"}}}}"#),
        format!(r#"{{"result":{{{HEADER},"ID":"42","TTL":"long"}}}}"#),
        format!(r#"{{"result":{{{HEADER}}},"error":{{"message":"x"}}}}"#),
    ] {
        let said = text.clone();
        let options = etcd_but("lease/keepalive", move |_| (200, text.clone()));
        let mut held: EtcdLock = acquire(&options, "failover run").unwrap();
        let mut error = None;
        until("the own clock says no", || {
            error = held.still_held().err();
            error.is_some()
        });
        assert!(error.unwrap().to_string().contains("this machine's clock"), "{said}");
        assert_eq!(held.lost(), None, "{said}");
    }
    // A lease that is gone is a no, for good.
    let gone = format!(r#"{{"result":{{{HEADER},"ID":"42"}}}}"#);
    let mut held = acquire(&etcd_but("lease/keepalive", move |_| (200, gone.clone())), "failover run").unwrap();
    until("it is gone", || held.still_held().is_err() && held.lost().is_some());
}
