//! A TezSign behind a unix socket: the same bytes as over USB, management at `PATH`, sign at `PATH.sign`.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, socket_with};

use super::link::{Connect, Interface, Link, LinkError};
use crate::signer::{Model, Place, Selector, SignerError};

/// Between two tries to connect.
const AGAIN: Duration = Duration::from_millis(5);

/// Where the gadget is served.
#[derive(Debug, Clone)]
pub struct Socket {
    path: PathBuf,
}

impl Socket {
    /// A gadget whose management interface is at `path`, and whose sign interface is at `path.sign`.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    fn path_of(&self, interface: Interface) -> PathBuf {
        match interface {
            Interface::Management => self.path.clone(),
            Interface::Sign => sign_path(&self.path),
        }
    }
}

/// Where the sign interface of a gadget with its management interface at `path` is.
#[must_use]
pub fn sign_path(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".sign");
    name.into()
}

impl Connect for Socket {
    type Link = SocketLink;

    fn open(&mut self, interface: Interface, deadline: Duration) -> Result<SocketLink, SignerError> {
        let path = self.path_of(interface);
        let device = || format!("{}", path.display());
        connect(&path, deadline).map(|stream| SocketLink { stream }).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => SignerError::NotFound { selector: self.selector() },
            io::ErrorKind::PermissionDenied => {
                SignerError::Permission { device: device(), why: format!("{e}; see the socket's owner and mode") }
            }
            io::ErrorKind::TimedOut => {
                SignerError::Timeout { device: device(), what: "the connection", after: deadline }
            }
            _ => SignerError::Disconnected { device: device(), why: e.to_string() },
        })
    }

    fn hold(&mut self, deadline: Duration) -> Result<Option<SocketLink>, SignerError> {
        match self.path_of(Interface::Sign).try_exists() {
            Ok(false) => Ok(None),
            Ok(true) | Err(_) => self.open(Interface::Sign, deadline).map(Some),
        }
    }

    fn claim_is_proof(&self) -> bool {
        false
    }

    fn selector(&self) -> String {
        Selector::new(Model::TezSign, Place::Unix(self.path.clone())).to_string()
    }
}

/// Connecting would block while the server's queue is full, and takes no deadline: it is tried until then.
fn connect(path: &Path, deadline: Duration) -> io::Result<UnixStream> {
    let start = Instant::now();
    let address = SocketAddrUnix::new(path)?;
    let socket =
        socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)?;
    loop {
        match rustix::net::connect(&socket, &address) {
            Ok(()) => break,
            Err(Errno::AGAIN | Errno::INTR) if start.elapsed() < deadline => std::thread::sleep(AGAIN),
            Err(Errno::AGAIN | Errno::INTR) => return Err(io::ErrorKind::TimedOut.into()),
            Err(other) => return Err(other.into()),
        }
    }
    let stream = UnixStream::from(socket);
    stream.set_nonblocking(false)?;
    Ok(stream)
}

/// One connection.
#[derive(Debug)]
pub struct SocketLink {
    stream: UnixStream,
}

fn error(error: &io::Error) -> LinkError {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => LinkError::Timeout,
        _ => LinkError::Broken { why: error.to_string() },
    }
}

/// A socket's timeout must not be zero, and the kernel counts in coarse ticks.
fn timeout(left: Duration) -> Option<Duration> {
    Some(left.max(Duration::from_millis(1)))
}

impl Link for SocketLink {
    fn send(&mut self, frame: &[u8], deadline: Duration) -> Result<(), LinkError> {
        let start = Instant::now();
        let mut rest = frame;
        while !rest.is_empty() {
            let left = deadline.checked_sub(start.elapsed()).ok_or(LinkError::Timeout)?;
            self.stream.set_write_timeout(timeout(left)).map_err(|e| error(&e))?;
            match self.stream.write(rest) {
                Ok(written) => rest = rest.get(written..).unwrap_or_default(),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(error(&e)),
            }
        }
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8], deadline: Duration) -> Result<usize, LinkError> {
        let start = Instant::now();
        loop {
            let left = deadline.checked_sub(start.elapsed()).ok_or(LinkError::Timeout)?;
            self.stream.set_read_timeout(timeout(left)).map_err(|e| error(&e))?;
            match self.stream.read(buffer) {
                Ok(0) => return Err(LinkError::Broken { why: "it was closed".to_owned() }),
                Ok(read) => return Ok(read),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(error(&e)),
            }
        }
    }
}
