//! Frames: a header of 23 bytes and a payload (TezSign 2026-04-30, `broker/wire.go`).
//!
//! `0x56 | type u8 | id [16] | payload length u32 little-endian | parity u8 | payload`; the parity is the XOR of the
//! 22 bytes before it.

use std::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

/// The first byte of every frame.
pub const MAGIC: u8 = 0x56;
/// Length of a header in bytes.
pub const HEADER_LEN: usize = 23;
/// The longest payload that a host takes, in bytes. The gadget would send up to 25 MiB; nothing that is asked here
/// answers with more than a few kilobytes.
pub const MAX_PAYLOAD: usize = 64 * 1024;
/// How many bytes that belong to no frame are skipped before giving up: the rest of one frame for an earlier host.
pub const MAX_GARBAGE: usize = MAX_PAYLOAD + HEADER_LEN;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameKind {
    /// 1: a request.
    Request,
    /// 2: the response to the request with the same id.
    Response,
    /// 3: the gadget has taken the request with this id; always before the response.
    Accept,
    /// 4: every request that was not accepted yet is to be sent again.
    Retry,
    /// 5: nothing; its id is all zero.
    KeepAlive,
}

impl FrameKind {
    const fn byte(self) -> u8 {
        match self {
            Self::Request => 1,
            Self::Response => 2,
            Self::Accept => 3,
            Self::Retry => 4,
            Self::KeepAlive => 5,
        }
    }

    const fn of(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Request),
            2 => Some(Self::Response),
            3 => Some(Self::Accept),
            4 => Some(Self::Retry),
            5 => Some(Self::KeepAlive),
            _ => None,
        }
    }
}

/// The id that joins a response to its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FrameId(pub [u8; 16]);

impl FrameId {
    /// An id that nobody else has, for a request of this payload length.
    ///
    /// Neither the id nor the parity that follows from it contains [`MAGIC`]: where the gadget reads the rest of
    /// this frame as garbage, a magic byte within its last 22 would make its read loop spin until a reboot.
    ///
    /// # Errors
    /// The system has no random numbers to give.
    pub fn random(payload_len: usize) -> Result<Self, getrandom::Error> {
        loop {
            let mut id = [0; 16];
            getrandom::fill(&mut id)?;
            let header = header(FrameKind::Request, Self(id), u32::try_from(payload_len).unwrap_or(u32::MAX));
            if !id.contains(&MAGIC) && header.last() != Some(&MAGIC) {
                return Ok(Self(id));
            }
        }
    }
}

/// One frame. `Debug` shows the payload's length only, because an unlock carries the passphrase (S9).
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    /// What it is.
    pub kind: FrameKind,
    /// Whose it is.
    pub id: FrameId,
    /// What it carries.
    pub payload: Vec<u8>,
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, id, payload } = self;
        write!(f, "Frame({kind:?}, {}, {} bytes)", hex::encode(id.0), payload.len())
    }
}

fn header(kind: FrameKind, id: FrameId, len: u32) -> [u8; HEADER_LEN] {
    let mut header = [0; HEADER_LEN];
    let fields = [MAGIC, kind.byte()].into_iter().chain(id.0).chain(len.to_le_bytes());
    let mut parity = 0;
    for (place, byte) in header.iter_mut().zip(fields) {
        *place = byte;
        parity ^= byte;
    }
    if let Some(last) = header.last_mut() {
        *last = parity;
    }
    header
}

/// A frame as one buffer, to be written at once: a gadget that reads less than a header may spin for ever.
/// Wiped when dropped. A payload longer than 4 GiB is cut in the header; nothing here makes one.
#[must_use]
pub fn encode(kind: FrameKind, id: FrameId, payload: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut frame = Zeroizing::new(Vec::with_capacity(HEADER_LEN + payload.len()));
    frame.extend_from_slice(&header(kind, id, u32::try_from(payload.len()).unwrap_or(u32::MAX)));
    frame.extend_from_slice(payload);
    frame
}

/// Why bytes are not a sequence of frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FrameError {
    /// A header announces more than [`MAX_PAYLOAD`]; nothing was allocated for it.
    #[error("a frame announces {len} bytes, more than {MAX_PAYLOAD}")]
    TooLong {
        /// What it announces, in bytes.
        len: u32,
    },
    /// More than [`MAX_GARBAGE`] bytes without a frame.
    #[error("{len} bytes without a frame")]
    Garbage {
        /// How many bytes were skipped.
        len: usize,
    },
}

/// Takes frames out of a stream of bytes, in whatever pieces it arrives. Bytes in front of a frame are skipped:
/// they are the rest of an answer that an earlier host began to read.
#[derive(Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    skipped: usize,
}

impl Decoder {
    /// A decoder that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds bytes as they came. The caller takes all frames out before it adds more, which bounds the buffer.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next frame; `None` until more bytes arrive.
    ///
    /// # Errors
    /// The stream holds no frame that a host would take; the connection is of no use any more.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, FrameError> {
        let mut at = 0;
        let found = loop {
            let rest = self.buffer.get(at..).unwrap_or_default();
            let magic = rest.iter().position(|b| *b == MAGIC).unwrap_or(rest.len());
            at += magic;
            let Some((head, rest)) = rest.get(magic..).and_then(|r| r.split_first_chunk::<HEADER_LEN>()) else {
                break None;
            };
            let Some((kind, id, len)) = parse_header(head) else {
                at += 1;
                continue;
            };
            let size = usize::try_from(len).unwrap_or(usize::MAX);
            if size > MAX_PAYLOAD {
                return Err(FrameError::TooLong { len });
            }
            break rest.get(..size).map(|payload| Frame { kind, id, payload: payload.to_vec() });
        };
        self.skipped = self.skipped.saturating_add(at);
        if self.skipped > MAX_GARBAGE {
            return Err(FrameError::Garbage { len: self.skipped });
        }
        if let Some(frame) = &found {
            at += HEADER_LEN + frame.payload.len();
            self.skipped = 0;
        }
        self.buffer.drain(..at);
        Ok(found)
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decoder({} bytes waiting)", self.buffer.len())
    }
}

fn parse_header(head: &[u8; HEADER_LEN]) -> Option<(FrameKind, FrameId, u32)> {
    let parity = head.iter().fold(0, |parity, byte| parity ^ byte);
    let (start, rest) = head.split_first_chunk::<2>()?;
    let (id, rest) = rest.split_first_chunk::<16>()?;
    let (len, _) = rest.split_first_chunk::<4>()?;
    let kind = FrameKind::of(*start.last()?)?;
    (parity == 0).then_some((kind, FrameId(*id), u32::from_le_bytes(*len)))
}

#[cfg(test)]
#[path = "frame_tests.rs"]
mod tests;
