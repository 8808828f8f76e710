//! JSON, read as it comes: a window of sixteen kilobytes moves over an answer of any size.
//!
//! A block's answers have megabytes, of which a few hundred bytes matter. What is passed over is checked to be JSON,
//! and neither copied nor kept; what is not of the expected shape is passed over too, so that what comes after it is
//! read all the same (S8): the caller says what was wrong. Texts are shown as they are written, escapes and all: no
//! Octez field that matters has one, and a name that hides behind an escape is a field that is not there.

use super::text::clipped;
use super::{Body, ChainError};

mod skip;
#[cfg(test)]
mod tests;

/// How much is asked of the body at once.
const CHUNK: usize = 16 << 10;
/// Most bytes of a name or a text that is looked at.
const TEXT: usize = 64 << 10;

/// Why an answer cannot be read on. Boxed, because it is rare and what it interrupts is not.
pub(super) type Fault = Box<Broken>;

/// What is broken: the connection, or the JSON.
#[derive(Debug)]
pub(super) enum Broken {
    /// The source itself: it hung up, the deadline passed, the answer is too large.
    Source(ChainError),
    /// What came is no JSON.
    NotJson(String),
}

/// Reads one answer from its beginning to its end.
pub(super) struct Scanner<'b> {
    body: &'b mut dyn Body,
    /// Where the body's bytes arrive.
    chunk: Vec<u8>,
    window: Vec<u8>,
    /// What comes next, in the window.
    at: usize,
    /// From here on the window is kept when more is read.
    kept: Option<usize>,
    /// Most bytes that may be kept.
    most: usize,
}

/// A place between two elements of an array, or two members of an object.
pub(super) struct Inside {
    end: u8,
    first: bool,
}

impl<'b> Scanner<'b> {
    pub(super) fn new(body: &'b mut dyn Body) -> Self {
        Self { body, chunk: vec![0; CHUNK], window: Vec::new(), at: 0, kept: None, most: TEXT }
    }

    /// Is there anything, and is it no web page? To be asked once, before anything else.
    pub(super) fn begins(&mut self) -> Result<(), Fault> {
        match self.peek()? {
            None => Err(not_json("an empty answer")),
            Some(b'<') => Err(not_json("HTML, not JSON")),
            Some(_) => Ok(()),
        }
    }

    /// Goes into an object; `None` where it went past something else.
    #[inline]
    pub(super) fn object(&mut self) -> Result<Option<Inside>, Fault> {
        self.inside(b'{', b'}')
    }

    /// Goes into an array; `None` where it went past something else.
    #[inline]
    pub(super) fn array(&mut self) -> Result<Option<Inside>, Fault> {
        self.inside(b'[', b']')
    }

    #[inline]
    fn inside(&mut self, begin: u8, end: u8) -> Result<Option<Inside>, Fault> {
        if self.byte()? == begin {
            self.at += 1;
            return Ok(Some(Inside { end, first: true }));
        }
        self.skip()?;
        Ok(None)
    }

    /// Goes to the next element or member; false past the end.
    #[inline]
    pub(super) fn next(&mut self, inside: &mut Inside) -> Result<bool, Fault> {
        let byte = self.byte()?;
        if byte == inside.end {
            self.at += 1;
            return Ok(false);
        }
        if !std::mem::take(&mut inside.first) {
            if byte != b',' {
                return Err(self.unexpected());
            }
            self.at += 1;
        }
        Ok(true)
    }

    /// A member's name, and past its colon.
    #[inline]
    pub(super) fn name<T>(&mut self, of: impl FnOnce(&[u8]) -> T) -> Result<T, Fault> {
        let name = self.quoted(of)?;
        self.take(b':')?;
        Ok(name)
    }

    /// A text; `None` past anything else.
    #[inline]
    pub(super) fn text<T>(&mut self, of: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, Fault> {
        if self.byte()? == b'"' {
            return self.quoted(of).map(Some);
        }
        self.skip()?;
        Ok(None)
    }

    #[inline]
    fn quoted<T>(&mut self, of: impl FnOnce(&[u8]) -> T) -> Result<T, Fault> {
        self.take(b'"')?;
        let rest = self.window.get(self.at..).unwrap_or_default();
        if let Some((text, [b'"', ..])) = rest.split_at_checked(skip::plain(rest)) {
            self.at = self.at.saturating_add(text.len()).saturating_add(1);
            return Ok(of(text));
        }
        // It goes on past the window, or has an escape.
        self.kept = Some(self.at);
        self.skip_text()?;
        let from = self.kept.take().unwrap_or(self.at);
        Ok(of(self.window.get(from..self.at.saturating_sub(1)).unwrap_or_default()))
    }

    /// A whole number without a sign; `None` past anything else.
    #[inline]
    pub(super) fn number(&mut self) -> Result<Option<u64>, Fault> {
        if !self.byte()?.is_ascii_digit() {
            self.skip()?;
            return Ok(None);
        }
        let mut number = Some(0_u64);
        while let Some(byte) = self.here()? {
            if byte.is_ascii_digit() {
                let digit = u64::from(byte.wrapping_sub(b'0'));
                number = number.and_then(|n| n.checked_mul(10)?.checked_add(digit));
            } else if matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-') {
                number = None;
            } else {
                break;
            }
            self.at += 1;
        }
        Ok(number)
    }

    /// Past `null`, if that is what comes next.
    #[inline]
    pub(super) fn null(&mut self) -> Result<bool, Fault> {
        let null = self.byte()? == b'n';
        if null {
            self.skip()?;
        }
        Ok(null)
    }

    /// What comes next, without taking it.
    #[inline]
    pub(super) fn kind(&mut self) -> Result<u8, Fault> {
        self.byte()
    }

    /// The bytes of the whole next value, `most` at most.
    pub(super) fn raw(&mut self, most: usize) -> Result<&[u8], Fault> {
        self.byte()?;
        (self.kept, self.most) = (Some(self.at), most);
        let skipped = self.skip();
        self.most = TEXT;
        let from = self.kept.take().unwrap_or(self.at);
        skipped?;
        Ok(self.window.get(from..self.at).unwrap_or_default())
    }

    /// The members of an object that are wanted, as an object of its own; what is no object, as it is.
    pub(super) fn only(&mut self, wanted: &[&str], most: usize) -> Result<Vec<u8>, Fault> {
        if self.byte()? != b'{' {
            return self.raw(most).map(<[u8]>::to_vec);
        }
        let mut only = vec![b'{'];
        let Some(mut members) = self.object()? else { return Ok(only) };
        while self.next(&mut members)? {
            let Some(name) = self.name(|name| wanted.iter().find(|w| w.as_bytes() == name))? else {
                self.skip()?;
                continue;
            };
            let value = self.raw(most.saturating_sub(only.len()))?;
            if only.len() > 1 {
                only.push(b',');
            }
            only.extend_from_slice(format!("\"{name}\":").as_bytes());
            only.extend_from_slice(value);
        }
        only.push(b'}');
        Ok(only)
    }

    /// That nothing comes any more. Reads to the end, so that a connection can be used again.
    pub(super) fn end(&mut self) -> Result<(), Fault> {
        match self.peek()? {
            None => Ok(()),
            Some(_) => Err(self.unexpected()),
        }
    }

    /// Is there anything more but space?
    pub(super) fn more(&mut self) -> Result<bool, Fault> {
        self.peek().map(|byte| byte.is_some())
    }

    /// The next byte that is no space, without taking it; `None` at the end.
    #[inline]
    fn peek(&mut self) -> Result<Option<u8>, Fault> {
        loop {
            match self.here()? {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                other => return Ok(other),
            }
        }
    }

    /// The next byte, space or not, without taking it; `None` at the end.
    #[inline]
    fn here(&mut self) -> Result<Option<u8>, Fault> {
        loop {
            if let Some(byte) = self.window.get(self.at) {
                return Ok(Some(*byte));
            }
            if !self.refill()? {
                return Ok(None);
            }
        }
    }

    #[inline]
    fn byte(&mut self) -> Result<u8, Fault> {
        match self.window.get(self.at) {
            Some(byte) if *byte > b' ' => Ok(*byte),
            _ => self.peek()?.ok_or_else(|| not_json("it ends in the middle")),
        }
    }

    #[inline]
    fn take(&mut self, expected: u8) -> Result<(), Fault> {
        if self.byte()? != expected {
            return Err(self.unexpected());
        }
        self.at += 1;
        Ok(())
    }

    /// Moves the window on; false at the end of the answer.
    #[cold]
    fn refill(&mut self) -> Result<bool, Fault> {
        let from = self.kept.unwrap_or(self.at).min(self.window.len());
        self.window.drain(..from);
        self.at = self.at.saturating_sub(from);
        self.kept = self.kept.map(|_| 0);
        if self.window.len() > self.most {
            return Err(not_json(&format!("a value of more than {} bytes where none is so long", self.most)));
        }
        let read = self.body.read(&mut self.chunk).map_err(|error| Box::new(Broken::Source(error)))?;
        self.window.extend_from_slice(self.chunk.get(..read).unwrap_or_default());
        Ok(read > 0)
    }

    #[cold]
    fn unexpected(&self) -> Fault {
        let rest = self.window.get(self.at..).unwrap_or_default();
        let shown = String::from_utf8_lossy(rest.get(..40).unwrap_or(rest));
        not_json(&format!("no JSON at {:?}", clipped(&shown, 20)))
    }
}

#[cold]
fn not_json(why: &str) -> Fault {
    Box::new(Broken::NotJson(why.to_owned()))
}
