//! What a child prints: read for as long as it prints, kept up to a limit.

use super::OUTPUT_LIMIT;

/// How much of the end is kept apart, so that an end mark is found after any amount of output.
const TAIL: usize = 512;

/// How much is kept of what comes before a begin mark, which may lie across two readings.
const BEFORE: usize = 16 * 1024;

/// One stream's text. Where a begin mark is awaited, what comes before it is kept apart: it is not the command's.
#[derive(Debug, Default)]
pub(super) struct Capture {
    awaited: Option<Vec<u8>>,
    before: Vec<u8>,
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl Capture {
    /// Of a stream that counts only after this mark.
    pub(super) fn after(mark: &str) -> Self {
        Self { awaited: Some(mark.as_bytes().to_vec()), ..Self::default() }
    }

    /// Takes in what was read.
    pub(super) fn keep(&mut self, bytes: &[u8]) {
        let Some(mark) = &self.awaited else { return self.keep_text(bytes) };
        self.before.extend_from_slice(bytes);
        if let Some(at) = self.before.windows(mark.len()).position(|window| window == mark) {
            let mut text = self.before.split_off(at);
            text.drain(..mark.len());
            self.awaited = None;
            return self.keep_text(&text);
        }
        let excess = self.before.len().saturating_sub(BEFORE);
        self.before.drain(..excess);
    }

    fn keep_text(&mut self, bytes: &[u8]) {
        let room = OUTPUT_LIMIT.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(bytes.get(..room).unwrap_or_default());
        self.tail.extend_from_slice(bytes.get(room..).unwrap_or_default());
        let excess = self.tail.len().saturating_sub(TAIL);
        self.tail.drain(..excess);
    }

    /// Whether the begin mark came, or none is awaited.
    pub(super) const fn has_begun(&self) -> bool {
        self.awaited.is_none()
    }

    /// What came before the begin mark.
    pub(super) fn before(&self) -> &[u8] {
        &self.before
    }

    /// The last bytes printed so far, for a look while the child runs.
    pub(super) fn recent(&self) -> Vec<u8> {
        if self.tail.len() >= TAIL {
            return self.tail.clone();
        }
        let from = self.head.len().saturating_sub(TAIL);
        let mut recent = self.head.get(from..).unwrap_or_default().to_vec();
        recent.extend_from_slice(&self.tail);
        recent
    }

    /// Takes what was kept: the beginning, and what is left of the end where there was more.
    pub(super) fn take(&mut self) -> (Vec<u8>, Vec<u8>) {
        (std::mem::take(&mut self.head), std::mem::take(&mut self.tail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_before_the_mark_is_not_the_commands() {
        for size in [1, 3, 7, 100] {
            let mut capture = Capture::after("\nBEGIN\n");
            for chunk in b"motd\nBEGIN \nBEGIN\nout\nBEGIN\n".chunks(size) {
                capture.keep(chunk);
            }
            assert!(capture.has_begun());
            assert_eq!(capture.before(), b"motd\nBEGIN ");
            assert_eq!(capture.take().0, b"out\nBEGIN\n");
        }
    }

    #[test]
    fn noise_without_an_end_is_not_kept_for_ever() {
        let mut capture = Capture::after("MARK");
        for _ in 0..100 {
            capture.keep(&[b'x'; 10_000]);
        }
        assert!(!capture.has_begun() && capture.before().len() <= BEFORE);
        capture.keep(b"MARK!");
        assert_eq!(capture.take().0, b"!");
    }

    #[test]
    fn the_end_is_found_after_any_amount() {
        let mut capture = Capture::default();
        for _ in 0..200 {
            capture.keep(&[b'y'; 10_000]);
        }
        capture.keep(b"the end");
        assert!(capture.recent().ends_with(b"the end"));
        let (head, tail) = capture.take();
        assert_eq!((head.len(), tail.len()), (OUTPUT_LIMIT, TAIL));
    }
}
