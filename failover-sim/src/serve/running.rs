//! How long a world is served, and the doors at which its servers wait until then.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// After an error that is not about one connection, such as too many open files.
const PAUSE: Duration = Duration::from_millis(20);

/// Where a server waits for its next connection.
#[derive(Debug)]
pub(super) enum Door {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// Is the world still served?
#[derive(Debug, Clone)]
pub(super) struct Running {
    now: Arc<AtomicBool>,
    doors: Arc<Mutex<Vec<Door>>>,
}

impl Running {
    pub(super) fn new() -> Self {
        Self { now: Arc::new(AtomicBool::new(true)), doors: Arc::default() }
    }

    pub(super) fn get(&self) -> bool {
        self.now.load(Ordering::SeqCst)
    }

    /// Takes every connection at this door until the end.
    pub(super) fn accept<S>(&self, door: Door, accept: impl Fn() -> io::Result<S>, mut take: impl FnMut(S)) {
        self.doors.lock().unwrap_or_else(PoisonError::into_inner).push(door);
        while self.get() {
            match accept() {
                Ok(stream) if self.get() => take(stream),
                Ok(_) => {}
                Err(_) => std::thread::sleep(PAUSE),
            }
        }
    }

    /// The end: every server waits for a connection, so each gets one.
    pub(super) fn end(&self) {
        self.now.store(false, Ordering::SeqCst);
        for door in self.doors.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _gone = match door {
                Door::Tcp(address) => TcpStream::connect(address).map(drop),
                Door::Unix(path) => UnixStream::connect(path).map(drop),
            };
        }
    }
}
