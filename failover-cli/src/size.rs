//! How large the terminal is.

use std::io;

use rustix::termios::tcgetwinsize;

/// The terminal's size, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

impl Size {
    /// A smaller terminal gets plain lines.
    const LEAST: Self = Self { rows: 20, columns: 40 };

    /// That of standard output, as it is now; a window may have another in the next second.
    pub(crate) fn now() -> Option<Self> {
        let size = tcgetwinsize(io::stdout()).ok()?;
        (size.ws_row > 0 && size.ws_col > 0).then(|| Self { rows: size.ws_row.into(), columns: size.ws_col.into() })
    }

    /// Is there room for the steps and something under them?
    pub(crate) const fn is_enough(self) -> bool {
        self.rows >= Self::LEAST.rows && self.columns >= Self::LEAST.columns
    }
}
