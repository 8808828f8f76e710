//! The node's RPC over HTTP/1.1, `GET` only.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::{Running, accept_loop};
use crate::sim::rpc::Answer;
use crate::sim::world::World;

/// Connections at a time.
const CONNECTIONS: usize = 64;
/// The longest request line and headers together.
const REQUEST: u64 = 16 * 1024;
/// How long a connection may be idle, or a client may not read.
const IDLE: Duration = Duration::from_secs(30);

/// Answers on a listener, in the background.
pub(super) fn serve(world: &World, listener: TcpListener, running: Running) {
    let world = world.clone();
    let open = Arc::new(AtomicUsize::new(0));
    std::thread::spawn(move || {
        if listener.set_nonblocking(true).is_err() {
            return;
        }
        accept_loop(
            || listener.accept().map(|(stream, _)| stream),
            &running,
            |stream| {
                if open.fetch_add(1, Ordering::SeqCst) >= CONNECTIONS {
                    open.fetch_sub(1, Ordering::SeqCst);
                    return;
                }
                let (world, open, running) = (world.clone(), Arc::clone(&open), running.clone());
                std::thread::spawn(move || {
                    // A client that goes away ends its own connection only.
                    let _ended = connection(&world, &stream, &running);
                    open.fetch_sub(1, Ordering::SeqCst);
                });
            },
        );
    });
}

fn connection(world: &World, stream: &TcpStream, running: &Running) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(IDLE))?;
    stream.set_write_timeout(Some(IDLE))?;
    let mut reader = BufReader::new(stream);
    while running.get() {
        let Some(path) = request(&mut reader)? else { return Ok(()) };
        match world.rpc(&path) {
            Answer::Http { status, body } => respond(stream, status, &body)?,
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

fn respond(mut stream: &TcpStream, status: u16, body: &[u8]) -> io::Result<()> {
    let reason = match status {
        200 => "OK",
        403 => "Forbidden",
        404 => "Not Found",
        _ => "Internal Server Error",
    };
    let kind = if body.starts_with(b"<") { "text/html" } else { "application/json" };
    let length = body.len();
    let mut message =
        format!("HTTP/1.1 {status} {reason}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n").into_bytes();
    message.extend_from_slice(body);
    stream.write_all(&message)
}

/// As many spaces as announced, until the client has had enough.
fn huge(mut stream: &TcpStream, bytes: u64) -> io::Result<()> {
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {bytes}\r\n\r\n")?;
    io::copy(&mut io::repeat(b' ').take(bytes), &mut stream).map(|_| ())
}
