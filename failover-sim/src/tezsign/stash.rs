//! The gadget's read buffer, with its faults (TezSign 2026-04-30, `broker/stash.go`). It outlives a host's connection.

use failover_core::signer::tezsign::frame::{Frame, FrameId, FrameKind, HEADER_LEN, MAGIC};

/// The gadget's limit for a payload, in bytes.
const LIMIT: usize = 25 * 1024 * 1024;

#[derive(Debug, Default)]
pub(super) struct Stash {
    buffer: Vec<u8>,
    wedged: bool,
}

impl Stash {
    pub(super) fn write(&mut self, bytes: &[u8]) {
        if !self.wedged {
            self.buffer.extend_from_slice(bytes);
        }
    }

    pub(super) const fn is_wedged(&self) -> bool {
        self.wedged
    }

    fn drop_first(&mut self, len: usize) {
        self.buffer.drain(..len.min(self.buffer.len()));
    }

    pub(super) fn next_frame(&mut self) -> Option<Frame> {
        while !self.wedged {
            let Some(at) = self.buffer.iter().position(|b| *b == MAGIC) else {
                self.drop_first(self.buffer.len().saturating_sub(HEADER_LEN - 1));
                return None;
            };
            self.drop_first(at);
            let Some((head, rest)) = self.buffer.split_first_chunk::<HEADER_LEN>() else {
                // "Incomplete header" is an error that drops nothing and is tried again at once, for ever.
                self.wedged = true;
                return None;
            };
            let [_, kind, id @ .., l0, l1, l2, l3, _] = *head;
            if head.iter().fold(0, |parity, byte| parity ^ byte) != 0 {
                self.drop_first(1);
                continue;
            }
            let size = usize::try_from(u32::from_le_bytes([l0, l1, l2, l3])).unwrap_or(usize::MAX);
            if size > LIMIT {
                self.drop_first(HEADER_LEN);
                continue;
            }
            let payload = rest.get(..size)?.to_vec();
            self.drop_first(HEADER_LEN + size);
            if kind == 1 {
                return Some(Frame { kind: FrameKind::Request, id: FrameId(id), payload });
            }
        }
        None
    }
}
