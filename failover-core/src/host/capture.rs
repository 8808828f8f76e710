//! What a child prints: drained for as long as it prints, kept up to a limit.

use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};

use super::OUTPUT_LIMIT;

/// How much of the end is kept apart, so that an end marker is found after any amount of output.
const TAIL: usize = 512;

#[derive(Debug, Default)]
struct Kept {
    head: Vec<u8>,
    tail: Vec<u8>,
    ended: bool,
    closed: bool,
}

/// One stream of a child, read by a thread of its own.
#[derive(Debug, Clone, Default)]
pub(super) struct Capture(Arc<Mutex<Kept>>);

impl Capture {
    /// Starts to drain a stream. The thread ends with the stream, which a grandchild may keep open: nobody waits for it.
    pub(super) fn drain(mut stream: impl Read + Send + 'static) -> Self {
        let capture = Self::default();
        let kept = capture.clone();
        std::thread::spawn(move || {
            let mut buffer = [0_u8; 16 * 1024];
            loop {
                match stream.read(&mut buffer) {
                    Ok(0) => break,
                    Ok(n) => kept.keep(buffer.get(..n).unwrap_or_default()),
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    Err(_) => break,
                }
            }
            kept.with(|k| k.ended = true);
        });
        capture
    }

    fn with<T>(&self, f: impl FnOnce(&mut Kept) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn keep(&self, bytes: &[u8]) {
        self.with(|k| {
            if k.closed {
                return;
            }
            let room = OUTPUT_LIMIT.saturating_sub(k.head.len()).min(bytes.len());
            k.head.extend_from_slice(bytes.get(..room).unwrap_or_default());
            k.tail.extend_from_slice(bytes.get(room..).unwrap_or_default());
            let excess = k.tail.len().saturating_sub(TAIL);
            k.tail.drain(..excess);
        });
    }

    /// Whether the stream has ended.
    pub(super) fn ended(&self) -> bool {
        self.with(|k| k.ended)
    }

    /// The last bytes printed so far, for a look while the child runs.
    pub(super) fn recent(&self) -> Vec<u8> {
        self.with(|k| {
            if k.tail.len() >= TAIL {
                return k.tail.clone();
            }
            let from = k.head.len().saturating_sub(TAIL);
            let mut recent = k.head.get(from..).unwrap_or_default().to_vec();
            recent.extend_from_slice(&k.tail);
            recent
        })
    }

    /// Takes what was kept: the beginning, and what is left of the end where there was more. Nothing is kept from here on.
    pub(super) fn take(&self) -> (Vec<u8>, Vec<u8>) {
        self.with(|k| {
            k.closed = true;
            (std::mem::take(&mut k.head), std::mem::take(&mut k.tail))
        })
    }
}
