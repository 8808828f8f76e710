//! HTTP against real sockets: servers that never answer, drip, flood, refuse, redirect or hang up.
#![cfg(test)]
#![cfg(feature = "http")]

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use failover_core::chain::http::Http;
use failover_core::chain::octez::OctezNode;
use failover_core::chain::{ChainError, ChainLevelSource, ChainNode, Rpc, SyncState};

/// Long enough for a loopback answer on a busy machine, short enough to wait for.
const PLENTY: Duration = Duration::from_secs(20);
/// For servers that never finish.
const SHORT: Duration = Duration::from_millis(300);
const LIMIT: usize = 1 << 20;

/// A server on loopback that treats every connection with `serve`, after its request was read; the requests are kept.
fn server(serve: impl Fn(&mut TcpStream) -> std::io::Result<()> + Send + 'static) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let requests = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&requests);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            let mut byte = [0];
            while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n == 1) {
                request.push(byte[0]);
            }
            kept.lock().unwrap().push(String::from_utf8(request).unwrap());
            // A client that has seen enough hangs up.
            let _ = serve(&mut stream);
        }
    });
    (url, requests)
}

/// A server that answers everything with these bytes, and closes.
fn says(answer: &'static [u8]) -> String {
    server(move |stream| stream.write_all(answer)).0
}

fn get(url: &str, deadline: Duration) -> Result<Vec<u8>, ChainError> {
    Http::new(url).unwrap().get("/chains/main/is_bootstrapped", deadline, LIMIT)
}

#[test]
fn a_whole_answer_and_what_was_asked() {
    let (url, requests) =
        server(|s| s.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ntrue"));
    // A slash at the end, a path before the RPC, and credentials are taken.
    let url = url.replace("http://", "http://user:secret@") + "/path/";
    assert_eq!(get(&url, PLENTY).unwrap(), b"true");
    let request = requests.lock().unwrap()[0].to_lowercase();
    assert!(request.starts_with("get /path/chains/main/is_bootstrapped http/1.1\r\n"), "{request}");
    assert!(request.contains("accept: application/json\r\n"), "{request}");
    assert!(request.contains("authorization: basic dxnlcjpzzwnyzxq="), "{request}");
}

#[test]
fn a_chunked_answer() {
    let body = r#"{"bootstrapped":true,"sync_state":"synced"}"#;
    let (url, _) = server(move |stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n")?;
        for chunk in body.as_bytes().chunks(7) {
            stream.write_all(format!("{:x}\r\n", chunk.len()).as_bytes())?;
            stream.write_all(chunk)?;
            stream.write_all(b"\r\n")?;
            stream.flush()?;
        }
        stream.write_all(b"0\r\n\r\n")
    });
    assert_eq!(OctezNode::connect(&url).unwrap().sync().unwrap(), SyncState::Synced);
}

#[test]
fn one_connection_serves_many_questions() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        drop(listener); // a second connection would be refused
        let mut seen = Vec::new();
        let mut byte = [0];
        while stream.read(&mut byte).is_ok_and(|n| n == 1) {
            seen.push(byte[0]);
            if seen.ends_with(b"\r\n\r\n") {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrue").unwrap();
            }
        }
    });
    let mut http = Http::new(&url).unwrap();
    for _ in 0..3 {
        assert_eq!(http.get("/chains/main/x", PLENTY, LIMIT).unwrap(), b"true");
    }
}

#[test]
fn a_connection_that_was_closed_between_questions_is_opened_again() {
    let (url, requests) = server(|s| s.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrue"));
    let mut http = Http::new(&url).unwrap();
    for _ in 0..20 {
        assert_eq!(http.get("/chains/main/x", PLENTY, LIMIT).unwrap(), b"true");
    }
    assert_eq!(requests.lock().unwrap().len(), 20);
}

#[test]
fn a_server_that_never_answers_ends_at_the_deadline() {
    // Accepted by the kernel, never by a server; answered with half a header; and a body that drips.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = (format!("http://{}", silent.local_addr().unwrap()), silent);
    let wait = |stream: &mut TcpStream| stream.read(&mut [0]).map(|_| ());
    let (half, _) = server(move |stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Le")?;
        wait(stream)
    });
    let (drip, _) = server(|stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")?;
        loop {
            stream.write_all(b" ")?;
            thread::sleep(Duration::from_millis(20));
        }
    });
    let (dripping_header, _) = server(|stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
        loop {
            stream.write_all(b"X-Wait: a\r\n")?;
            thread::sleep(Duration::from_millis(20));
        }
    });
    for url in [silent.0, half, drip, dripping_header] {
        let error = get(&url, SHORT).unwrap_err();
        let named = ChainError::Timeout {
            source_name: format!("node {url}"),
            path: "/chains/main/is_bootstrapped".into(),
            after: SHORT,
        };
        assert_eq!(error, named);
    }
    let mut node = OctezNode::connect(&server(wait).0).unwrap().with_deadline(SHORT);
    assert!(matches!(node.head(), Err(ChainError::Timeout { .. })));
}

/// Reads an answer as it comes, to its end.
fn read(url: &str, deadline: Duration, limit: usize) -> Result<usize, (usize, ChainError)> {
    let mut http = Http::new(url).unwrap();
    let mut body = http.open("/chains/main/is_bootstrapped", deadline, limit).map_err(|error| (0, error))?;
    let (mut total, mut piece) = (0, [0; 1000]);
    loop {
        match body.read(&mut piece) {
            Ok(0) => return Ok(total),
            Ok(count) => total += count,
            Err(error) => return Err((total, error)),
        }
    }
}

#[test]
fn an_answer_that_is_read_as_it_comes_has_the_same_deadline_and_limit() {
    let whole = says(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ntrue");
    assert_eq!(read(&whole, PLENTY, 4), Ok(4));
    assert!(matches!(read(&whole, PLENTY, 3), Err((0, ChainError::TooLarge { limit: 3, .. }))));
    let denied = says(b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n");
    assert!(matches!(read(&denied, PLENTY, 4), Err((0, ChainError::Denied { .. }))));
    // More than the limit without a length before it: what was within it was read.
    let (long, _) = server(|stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
        stream.write_all(&vec![b'x'; 1 << 20])
    });
    let (read_before, error) = read(&long, PLENTY, 100_000).unwrap_err();
    assert!(matches!(error, ChainError::TooLarge { limit: 100_000, .. }), "{error:?}");
    assert!(read_before <= 100_000);
    // One that hangs up in the middle, and one that drips without an end.
    let cut = says(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"bootstrapped\":");
    let (read_before, error) = read(&cut, PLENTY, LIMIT).unwrap_err();
    assert!(read_before == 16 && matches!(error, ChainError::Unreachable { .. }), "{read_before} {error:?}");
    let (drip, _) = server(|stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")?;
        loop {
            stream.write_all(b" ")?;
            thread::sleep(Duration::from_millis(20));
        }
    });
    let (read_before, error) = read(&drip, SHORT, LIMIT).unwrap_err();
    assert!(matches!(error, ChainError::Timeout { after: SHORT, .. }), "{error:?}");
    assert!(read_before > 0, "what came before the deadline was read");
}

#[test]
fn two_hundred_megabytes_are_not_read() {
    const HUGE: usize = 200_000_000;
    let sent = Arc::new(Mutex::new(0));
    for length in [format!("Content-Length: {HUGE}"), "Connection: close".to_owned()] {
        let sent = Arc::clone(&sent);
        let (url, _) = server(move |stream| {
            stream.write_all(format!("HTTP/1.1 200 OK\r\n{length}\r\n\r\n").as_bytes())?;
            let piece = [b' '; 1 << 16];
            for _ in 0..HUGE / piece.len() {
                stream.write_all(&piece)?;
                *sent.lock().unwrap() += piece.len();
            }
            Ok(())
        });
        let error = get(&url, PLENTY).unwrap_err();
        assert!(matches!(error, ChainError::TooLarge { limit: LIMIT, .. }), "{error:?}");
    }
    let sent = *sent.lock().unwrap();
    assert!(sent < HUGE / 2, "{sent} bytes were taken");
}

#[test]
fn statuses_are_told_apart() {
    let denied = says(b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n");
    let error = get(&denied, PLENTY).unwrap_err();
    assert!(matches!(error, ChainError::Denied { status: 403, .. }), "{error:?}");
    let denied = says(b"HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n<html>");
    assert!(matches!(get(&denied, PLENTY), Err(ChainError::Denied { status: 401, .. })));
    let missing = says(b"HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n");
    assert!(matches!(get(&missing, PLENTY), Err(ChainError::Missing { why, .. }) if why == "HTTP 404"));
    let missing = says(b"HTTP/1.1 410 Gone\r\nConnection: close\r\n\r\n[{\"id\":\"pruned\"}]");
    assert!(matches!(get(&missing, PLENTY), Err(ChainError::Missing { why, .. }) if why.contains("pruned")));
    let broken = says(b"HTTP/1.1 500 Oops\r\nConnection: close\r\n\r\n\x1b[2J\x07a\r\n  b\xff");
    match get(&broken, PLENTY) {
        Err(ChainError::Status { status: 500, body, .. }) => assert_eq!(body, "[2Ja b\u{fffd}"),
        other => panic!("{other:?}"),
    }
    let empty = says(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    assert!(matches!(get(&empty, PLENTY), Err(ChainError::Missing { .. })));
    let (long, _) = server(|stream| {
        stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\n")?;
        stream.write_all(&vec![b'x'; 1 << 20])
    });
    match get(&long, PLENTY) {
        Err(ChainError::Status { status: 502, body, .. }) => assert_eq!(body.len(), 200),
        other => panic!("{other:?}"),
    }
}

#[test]
fn redirects_are_not_followed() {
    let (elsewhere, requests) = server(|s| s.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrue"));
    let (url, _) = server(move |stream| {
        let answer =
            format!("HTTP/1.1 302 Found\r\nLocation: {elsewhere}/\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes())
    });
    let error = get(&url, PLENTY).unwrap_err();
    assert!(
        matches!(&error, ChainError::Redirect { status: 302, to, .. } if to.starts_with("http://127.")),
        "{error:?}"
    );
    assert!(requests.lock().unwrap().is_empty());
}

#[test]
fn html_in_place_of_json() {
    let url = says(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n\n<!DOCTYPE html><title>Welcome</title>");
    let error = OctezNode::connect(&url).unwrap().head().unwrap_err();
    assert!(matches!(&error, ChainError::Malformed { why, .. } if why == "HTML, not JSON"), "{error:?}");
}

#[test]
fn connections_that_break() {
    let hangs_up = says(b"");
    let cut = says(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"bootstrapped\":");
    let cut_chunk = says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n{\"boot");
    // Unread data at the close makes the kernel send a reset.
    let (reset, _) = server(|stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")?;
        stream.shutdown(Shutdown::Both)
    });
    let nobody = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    for url in [hangs_up, cut, cut_chunk, reset, nobody] {
        let error = get(&url, PLENTY).unwrap_err();
        assert!(matches!(error, ChainError::Unreachable { .. }), "{error:?}");
    }
    let not_http = says(b"SSH-2.0-OpenSSH_9.7\r\n\r\n");
    let error = get(&not_http, PLENTY).unwrap_err();
    assert!(matches!(error, ChainError::Malformed { .. } | ChainError::Unreachable { .. }), "{error:?}");
}

#[test]
fn urls_and_what_is_shown_of_them() {
    for (url, name) in [
        ("http://127.0.0.1:8732", "node http://127.0.0.1:8732"),
        ("http://127.0.0.1:8732/", "node http://127.0.0.1:8732"),
        (" https://rpc.example.org ", "node https://rpc.example.org"),
        ("http://[::1]:8732", "node http://[::1]:8732"),
        ("https://user:secret@rpc.example.org:443", "node https://rpc.example.org:443"),
        ("https://rpc.example.org/mainnet/secret/", "node https://rpc.example.org/..."),
    ] {
        let http = Http::new(url).unwrap();
        assert_eq!(http.name(), name);
        assert!(!format!("{http:?}").contains("secret"));
    }
    for url in [
        "",
        "127.0.0.1:8732",
        "ftp://secret@127.0.0.1",
        "file:///etc/secret",
        "http://",
        "http:///secret",
        "localhost",
        "http://h/?key=secret",
        "http://h/#secret",
        "http://a b/secret",
        "unix:/secret",
        "http://user:secret@",
    ] {
        let error = Http::new(url).unwrap_err();
        assert!(matches!(error, ChainError::Unreachable { .. }), "{url}: {error:?}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    // Nor does an error on the way repeat them.
    let error = get("http://user:secret@127.0.0.1:1/secret", PLENTY).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
}
