//! Why a test failed: one sentence.

use std::fmt;

/// What was not as it should be.
#[derive(Debug)]
pub(crate) struct Failed(pub(crate) String);

/// How a test ends.
pub(crate) type Outcome<T = ()> = Result<T, Failed>;

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Failed {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// Fails with what `why` says, unless `holds`.
pub(crate) fn ensure(holds: bool, why: impl FnOnce() -> String) -> Outcome {
    if holds { Ok(()) } else { Err(Failed(why())) }
}
