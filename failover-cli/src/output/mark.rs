//! What marks a line.

/// How a line is marked on a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Warning,
    Error,
    Next,
    /// The same where the command did not do what it was asked.
    NextAfterAll,
}

impl Mark {
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Warning => "Warning:",
            Self::Error => "Error:",
            Self::Next | Self::NextAfterAll => "Next:",
        }
    }

    pub(super) const fn colour(self) -> &'static str {
        match self {
            Self::Warning | Self::NextAfterAll => "\x1b[1;33m",
            Self::Error => "\x1b[1;31m",
            Self::Next => "\x1b[1;32m",
        }
    }
}
