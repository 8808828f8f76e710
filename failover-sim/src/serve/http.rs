//! The node's RPC, or another source's, over HTTP/1.1, `GET` only.
//!
//! Not the crate `tiny_http`: its 0.12.0 can neither close a connection without an answer, as a source that is down does,
//! nor end one that is idle.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;

use super::{Door, Running};
use crate::rpc::Answer;
use crate::source::Source;
use crate::world::World;

/// Connections at a time.
const CONNECTIONS: usize = 64;
/// The longest request line and headers together.
const REQUEST: u64 = 16 * 1024;
/// How long a connection may be idle, or a client may not read.
const IDLE: Duration = Duration::from_secs(30);

/// The own node, or another source.
#[derive(Debug, Clone)]
pub(super) struct Site {
    pub(super) world: World,
    pub(super) source: Option<Source>,
}

impl Site {
    fn answer(&self, path: &str) -> Answer {
        match self.source {
            Some(source) => self.world.source_rpc(source, path),
            None => self.world.rpc(path),
        }
    }
}

/// Answers on a port of loopback, in the background, and gives the URL.
pub(super) fn serve(site: Site, running: Running) -> io::Result<String> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    listen(site, listener, address, running);
    Ok(format!("http://{address}"))
}

fn listen(site: Site, listener: TcpListener, address: SocketAddr, running: Running) {
    let open = Arc::new(AtomicUsize::new(0));
    std::thread::spawn(move || {
        running.accept(
            Door::Tcp(address),
            || listener.accept().map(|(stream, _)| stream),
            |stream| {
                if open.fetch_add(1, Ordering::SeqCst) >= CONNECTIONS {
                    open.fetch_sub(1, Ordering::SeqCst);
                    return;
                }
                let (site, open, running) = (site.clone(), Arc::clone(&open), running.clone());
                std::thread::spawn(move || {
                    // A client that goes away ends its own connection only.
                    let _ended = connection(&site, &stream, &running);
                    open.fetch_sub(1, Ordering::SeqCst);
                });
            },
        );
    });
}

fn connection(site: &Site, stream: &TcpStream, running: &Running) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(IDLE))?;
    stream.set_write_timeout(Some(IDLE))?;
    let mut reader = BufReader::new(stream);
    while running.get() {
        let Some(path) = request(&mut reader)? else { return Ok(()) };
        if path.contains("/mempool/monitor_operations") {
            return monitor(site, stream, &path, running);
        }
        match site.answer(&path) {
            Answer::Http { status, body } => respond(stream, status, "", &body)?,
            Answer::TooMany(seconds) => respond(stream, 429, &format!("Retry-After: {seconds}\r\n"), b"<html>")?,
            Answer::Huge(bytes) => return huge(stream, bytes),
            Answer::Hangs => {
                // It reads on, and says nothing, until the client gives up.
                let _given_up = reader.read(&mut [0]);
                return Ok(());
            }
            Answer::Refused => return Ok(()),
        }
    }
    Ok(())
}

/// The path of the next request; `None` at the end, or where it is no request.
fn request(reader: &mut BufReader<&TcpStream>) -> io::Result<Option<String>> {
    let mut limited = reader.take(REQUEST);
    let mut line = String::new();
    if limited.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let path = match (words.next(), words.next()) {
        (Some("GET"), Some(path)) => Some(path.to_owned()),
        _ => None,
    };
    loop {
        let mut header = String::new();
        if limited.read_line(&mut header)? == 0 {
            return Ok(None);
        }
        if header.trim().is_empty() {
            return Ok(path);
        }
    }
}

fn respond(mut stream: &TcpStream, status: u16, more: &str, body: &[u8]) -> io::Result<()> {
    let reason = match status {
        200 => "OK",
        204 => "No Content",
        403 => "Forbidden",
        404 => "Not Found",
        429 => "Too Many Requests",
        _ => "Internal Server Error",
    };
    let kind = if body.starts_with(b"<") { "text/html" } else { "application/json" };
    let length = body.len();
    let mut message =
        format!("HTTP/1.1 {status} {reason}\r\n{more}Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n")
            .into_bytes();
    message.extend_from_slice(body);
    stream.write_all(&message)
}

/// How often the world is looked at for more votes.
const LOOK: Duration = Duration::from_millis(100);

/// What is in the mempool, then what comes, until the next head; in pieces that do not end where the JSON does.
fn monitor(site: &Site, mut stream: &TcpStream, path: &str, running: &Running) -> io::Result<()> {
    const HEAD: &str = "/chains/main/blocks/head/hash";
    let (head, mut told): (_, Option<Vec<Value>>) = (site.answer(HEAD), None);
    while running.get() && site.answer(HEAD) == head {
        let operations: Vec<Value> = match site.answer(path) {
            Answer::Http { status: 200, body } => serde_json::from_slice(&body)?,
            Answer::Http { status, body } if told.is_none() => return respond(stream, status, "", &body),
            _ => break,
        };
        let news: Vec<&Value> =
            operations.iter().filter(|one| !told.as_ref().is_some_and(|told| told.contains(one))).collect();
        if told.is_none() {
            stream.write_all(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
            )?;
        }
        if told.is_none() || !news.is_empty() {
            for piece in serde_json::to_vec(&news)?.chunks(1000) {
                write!(stream, "{:x}\r\n", piece.len())?;
                stream.write_all(piece)?;
                stream.write_all(b"\r\n")?;
            }
        }
        told = Some(operations);
        std::thread::sleep(LOOK);
    }
    stream.write_all(b"0\r\n\r\n")
}

/// As many spaces as announced, until the client has had enough.
fn huge(mut stream: &TcpStream, bytes: u64) -> io::Result<()> {
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {bytes}\r\n\r\n")?;
    io::copy(&mut io::repeat(b' ').take(bytes), &mut stream).map(|_| ())
}
