//! Past a value that nobody wants, as fast as can be: most of an answer is that.

use super::{Fault, Scanner, not_json};

/// How deep values may lie in each other: as deep as `serde_json` follows them.
const DEEPEST: u32 = 127;

impl Scanner<'_> {
    /// Goes past the next value, whatever it is.
    pub(in crate::chain) fn skip(&mut self) -> Result<(), Fault> {
        // One bit for each value around this one: is it an object?
        let (mut around, mut depth) = (0_u128, 0_u32);
        loop {
            match self.byte()? {
                b'"' => {
                    self.at += 1;
                    self.skip_text()?;
                }
                begin @ (b'{' | b'[') => {
                    self.at += 1;
                    if depth == DEEPEST {
                        return Err(not_json("values that lie too deep in each other"));
                    }
                    let object = begin == b'{';
                    (around, depth) = (around << 1 | u128::from(object), depth + 1);
                    match (self.byte()?, object) {
                        (b'}', true) | (b']', false) => {}
                        (_, true) => {
                            self.skip_name()?;
                            continue;
                        }
                        (_, false) => continue,
                    }
                }
                b'-' | b'0'..=b'9' => {
                    while let Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E') = self.here()? {
                        self.at += 1;
                    }
                }
                b't' => self.word(b"true")?,
                b'f' => self.word(b"false")?,
                b'n' => self.word(b"null")?,
                _ => return Err(self.unexpected()),
            }
            // A value has ended: another one follows, or the ones around it end as well.
            loop {
                if depth == 0 {
                    return Ok(());
                }
                let object = around & 1 == 1;
                match (self.byte()?, object) {
                    (b',', true) => {
                        self.at += 1;
                        self.skip_name()?;
                        break;
                    }
                    (b',', false) => {
                        self.at += 1;
                        break;
                    }
                    (b'}', true) | (b']', false) => {
                        self.at += 1;
                        (around, depth) = (around >> 1, depth - 1);
                    }
                    _ => return Err(self.unexpected()),
                }
            }
        }
    }

    #[inline]
    fn skip_name(&mut self) -> Result<(), Fault> {
        self.take(b'"')?;
        self.skip_text()?;
        self.take(b':')
    }

    /// Past the end of a text whose opening quote was taken.
    #[inline]
    pub(super) fn skip_text(&mut self) -> Result<(), Fault> {
        loop {
            let rest = self.window.get(self.at..).unwrap_or_default();
            let passed = plain(rest);
            let found = rest.get(passed).copied();
            self.at = self.at.saturating_add(passed);
            match found {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                // Whatever comes after a backslash is part of the text.
                Some(_) => {
                    self.at += 1;
                    if self.here()?.is_none() {
                        return Err(not_json("it ends in the middle of a text"));
                    }
                    self.at += 1;
                }
                None => {
                    if !self.refill()? {
                        return Err(not_json("it ends in the middle of a text"));
                    }
                }
            }
        }
    }

    #[cold]
    fn word(&mut self, word: &[u8]) -> Result<(), Fault> {
        for expected in word {
            if self.here()? != Some(*expected) {
                return Err(self.unexpected());
            }
            self.at += 1;
        }
        Ok(())
    }
}

/// How many bytes come before the first quote or backslash.
///
/// Eight at a time: a byte is zero where it is the one that is looked for, and the lowest zero byte is found by the
/// borrow that a subtraction takes from it.
#[inline]
pub(super) fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    const QUOTES: u64 = u64::from_le_bytes([b'"'; 8]);
    const BACKSLASHES: u64 = u64::from_le_bytes([b'\\'; 8]);
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let (words, rest) = bytes.as_chunks::<8>();
    let mut passed = 0_usize;
    for word in words {
        let word = u64::from_le_bytes(*word);
        let found = zero(word ^ QUOTES) | zero(word ^ BACKSLASHES);
        if found != 0 {
            return passed.saturating_add(found.trailing_zeros() as usize / 8);
        }
        passed = passed.saturating_add(8);
    }
    passed.saturating_add(rest.iter().position(|b| matches!(b, b'"' | b'\\')).unwrap_or(rest.len()))
}
