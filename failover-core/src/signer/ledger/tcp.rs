//! Speculos' TCP: the emulator that Ledger's developers use, or this crate's simulated device.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::{ApduExchange, Wait, apdu, frame};
use crate::signer::{Model, Place, Selector, SignerError};

/// How often a wait looks whether somebody has cancelled it.
const SLICE: Duration = Duration::from_millis(100);
/// How long a connection may take to be made.
pub const CONNECT_DEADLINE: Duration = Duration::from_secs(3);

/// A connection, made by the first question, and made again after anything that went wrong with the last one: an
/// answer that came too late belongs to nobody then.
#[derive(Debug)]
pub struct Tcp {
    host: String,
    port: u16,
    stream: Option<TcpStream>,
}

impl Tcp {
    /// The device at this address. Nothing is connected yet.
    #[must_use]
    pub const fn new(host: String, port: u16) -> Self {
        Self { host, port, stream: None }
    }

    fn connect(&self, until: Instant) -> io::Result<TcpStream> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
        for address in crate::names::addresses(&self.host, self.port, left(until)?)? {
            let left = left(until)?.min(CONNECT_DEADLINE);
            match TcpStream::connect_timeout(&address, left) {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    return Ok(stream);
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn fresh(&mut self, until: Instant) -> io::Result<TcpStream> {
        match self.stream.take() {
            // Bytes before the question was asked answer another one; an end is a server that went away.
            Some(stream) if is_silent(&stream) => Ok(stream),
            _ => self.connect(until),
        }
    }

    fn try_exchange(&mut self, apdu: &[u8], until: Instant, wait: Wait<'_>) -> io::Result<Vec<u8>> {
        let stream = self.fresh(until)?;
        let mut timed = Until { stream: &stream, until, wait };
        frame::write_request(&mut timed, apdu)?;
        let answer = frame::read_answer(&mut timed)?;
        self.stream = Some(stream);
        Ok(answer)
    }
}

fn is_silent(stream: &TcpStream) -> bool {
    let waiting = stream.set_nonblocking(true).and_then(|()| stream.peek(&mut [0]));
    let blocking = stream.set_nonblocking(false).is_ok();
    blocking && waiting.is_err_and(|e| e.kind() == io::ErrorKind::WouldBlock)
}

fn left(until: Instant) -> io::Result<Duration> {
    match until.saturating_duration_since(Instant::now()) {
        Duration::ZERO => Err(io::ErrorKind::TimedOut.into()),
        left => Ok(left),
    }
}

/// A stream whose every read and write ends by one moment, however slowly the bytes drip.
struct Until<'a> {
    stream: &'a TcpStream,
    until: Instant,
    wait: Wait<'a>,
}

impl Read for Until<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let left = left(self.until)?;
            self.stream.set_read_timeout(Some(left.min(SLICE)))?;
            match self.stream.read(buffer) {
                Err(error)
                    if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
                        && left > SLICE
                        && !self.wait.is_cancelled() => {}
                read => return read,
            }
        }
    }
}

impl Write for Until<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(left(self.until)?))?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl ApduExchange for Tcp {
    fn exchange(&mut self, apdu: &[u8], wait: Wait<'_>) -> Result<Vec<u8>, SignerError> {
        self.try_exchange(apdu, Instant::now() + wait.deadline, wait).map_err(|error| {
            let (device, what) = (self.device(), apdu::name(apdu));
            match error.kind() {
                io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
                    SignerError::Timeout { device, what, after: wait.deadline }
                }
                io::ErrorKind::InvalidData => SignerError::Malformed { what, why: error.to_string() },
                io::ErrorKind::UnexpectedEof => {
                    SignerError::Disconnected { device, why: "it closed the connection".to_owned() }
                }
                _ => SignerError::Disconnected { device, why: error.to_string() },
            }
        })
    }

    fn device(&self) -> String {
        Selector::new(Model::Ledger, Place::Tcp { host: self.host.clone(), port: self.port }).to_string()
    }

    fn resync(&mut self) {
        self.stream = None;
    }
}
