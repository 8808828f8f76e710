//! What a child prints: read for as long as it prints, kept up to a limit, and taken apart at marks.

use super::OUTPUT_LIMIT;

/// How much is kept of what comes before a begin mark.
const BEFORE: usize = 16 * 1024;

/// Longer than a line that ends a command's output: its mark, and an exit code.
const LAST_LINE: usize = 128;

/// One stream's text. Between two marks, or all of it.
#[derive(Debug, Default)]
pub(super) struct Capture {
    /// What is awaited before the text begins.
    begin: Option<Vec<u8>>,
    /// What ends it: the mark, and then the exit code and a newline.
    end: Option<Vec<u8>>,
    before: Vec<u8>,
    text: Vec<u8>,
    /// The newest bytes of the text, which may be the beginning of its end.
    newest: Vec<u8>,
    code: Option<i32>,
    rest: Vec<u8>,
}

impl Capture {
    /// Of a stream that counts only after the one mark, and before the other where there is one.
    pub(super) fn between(begin: &str, end: Option<&str>) -> Self {
        Self { begin: Some(begin.as_bytes().to_vec()), end: end.map(|end| end.as_bytes().to_vec()), ..Self::default() }
    }

    /// Takes in what was read.
    pub(super) fn keep(&mut self, bytes: &[u8]) {
        let Some(mark) = &self.begin else { return self.keep_text(bytes) };
        self.before.extend_from_slice(bytes);
        if let Some(at) = find(&self.before, mark) {
            let mut text = self.before.split_off(at);
            text.drain(..mark.len());
            self.begin = None;
            return self.keep_text(&text);
        }
        let excess = self.before.len().saturating_sub(BEFORE);
        self.before.drain(..excess);
    }

    fn keep_text(&mut self, bytes: &[u8]) {
        if self.code.is_some() {
            self.rest.extend_from_slice(bytes);
            return;
        }
        self.newest.extend_from_slice(bytes);
        if let Some((at, length, code)) = self.end.as_ref().and_then(|mark| ended(&self.newest, mark)) {
            self.code = Some(code);
            self.rest = self.newest.split_off(at.saturating_add(length));
            self.newest.truncate(at);
        }
        let keep = if self.end.is_some() && self.code.is_none() { LAST_LINE } else { 0 };
        let settled = self.newest.len().saturating_sub(keep);
        let room = OUTPUT_LIMIT.saturating_sub(self.text.len()).min(settled);
        self.text.extend_from_slice(self.newest.get(..room).unwrap_or_default());
        self.newest.drain(..settled);
    }

    /// What came before the begin mark: its last 16 KiB.
    pub(super) fn before(&self) -> &[u8] {
        &self.before
    }

    /// The exit code in the end mark, once it came.
    pub(super) const fn code(&self) -> Option<i32> {
        self.code
    }

    /// Takes the text: its beginning, where it was longer than [`OUTPUT_LIMIT`].
    pub(super) fn take(&mut self) -> Vec<u8> {
        let room = OUTPUT_LIMIT.saturating_sub(self.text.len()).min(self.newest.len());
        self.text.extend(self.newest.drain(..room));
        std::mem::take(&mut self.text)
    }

    /// Takes what came after the end mark: another command's, or nobody's.
    pub(super) fn take_rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.rest)
    }
}

fn find(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    bytes.windows(mark.len()).position(|window| window == mark)
}

/// Where a complete end line begins, how long it is, and the exit code in it.
fn ended(bytes: &[u8], mark: &[u8]) -> Option<(usize, usize, i32)> {
    let at = find(bytes, mark)?;
    let line = bytes.get(at.checked_add(mark.len())?..)?;
    let digits = line.iter().position(|&byte| byte == b'\n')?;
    let code = std::str::from_utf8(line.get(..digits)?).ok()?.parse().ok()?;
    Some((at, mark.len().checked_add(digits)?.checked_add(1)?, code))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &[u8] = b"motd\nBEGIN \nBEGIN\nout\nBEGIN\n\nEND 7\n\nBEGIN\nnext";

    #[test]
    fn marks_are_found_wherever_a_reading_ends() {
        for size in 1..=TWO.len() {
            let mut capture = Capture::between("\nBEGIN\n", Some("\nEND "));
            for chunk in TWO.chunks(size) {
                capture.keep(chunk);
            }
            assert_eq!((capture.begin.is_none(), capture.code()), (true, Some(7)));
            assert_eq!(capture.before(), b"motd\nBEGIN ");
            assert_eq!(capture.take(), b"out\nBEGIN\n");
            assert_eq!(capture.take_rest(), b"\nBEGIN\nnext");
        }
    }

    #[test]
    fn a_cut_end_is_no_end() {
        let mut capture = Capture::between("B", Some("\nE "));
        capture.keep(b"Bhello\n\nE 12");
        assert_eq!((capture.code(), capture.take().as_slice()), (None, b"hello\n\nE 12".as_slice()));
        let mut capture = Capture::between("B", Some("\nE "));
        capture.keep(b"Bhello\n\nE x\n");
        assert_eq!(capture.code(), None);
    }

    #[test]
    fn noise_without_an_end_is_not_kept_for_ever() {
        let mut capture = Capture::between("MARK", None);
        for _ in 0..100 {
            capture.keep(&[b'x'; 10_000]);
        }
        assert!(capture.begin.is_some() && capture.before().len() <= BEFORE);
        capture.keep(b"MARK!");
        assert_eq!(capture.take(), b"!");
    }

    #[test]
    fn the_end_is_found_after_any_amount() {
        let mut capture = Capture::between("B", Some("\nE "));
        capture.keep(b"B");
        for _ in 0..200 {
            capture.keep(&[b'y'; 10_000]);
        }
        capture.keep(b"\nE 5\n");
        assert_eq!((capture.code(), capture.take().len()), (Some(5), OUTPUT_LIMIT));
    }
}
