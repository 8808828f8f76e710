//! TezSign's master passphrase (S9).

use std::fmt;

use zeroize::Zeroizing;

/// A passphrase: wiped when dropped, never printed, never serialised.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<Vec<u8>>);

impl Passphrase {
    /// Takes the passphrase over; the caller's copy should be wiped too.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The same of a file's bytes or of a line that was typed: without its line end, with which no passphrase is typed. Spaces
    /// stay.
    #[must_use]
    pub fn from_line(mut bytes: Vec<u8>) -> Self {
        while matches!(bytes.last(), Some(b'\n' | b'\r')) {
            bytes.pop();
        }
        Self::new(bytes)
    }

    /// Is there nothing in it?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes, for the one message that carries them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl From<String> for Passphrase {
    /// Takes the text over as it is: nothing is cut off, and no copy is left.
    fn from(text: String) -> Self {
        Self::new(text.into_bytes())
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::Passphrase;

    #[test]
    fn a_line_ends_where_it_was_typed_to() {
        for (line, typed) in [("p4ss w\u{f6}rd \r\n", "p4ss w\u{f6}rd "), ("a\nb\n", "a\nb"), ("a", "a"), ("\r\n", "")]
        {
            let read = Passphrase::from_line(line.as_bytes().to_vec());
            assert_eq!((read.expose(), read.is_empty()), (typed.as_bytes(), typed.is_empty()));
        }
        assert_eq!(Passphrase::from("a\n".to_owned()).expose(), b"a\n");
    }
}
