//! How a row of a list that is worked through stands.

use serde::Serialize;

/// What was looked at, or done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Row {
    /// As it must be.
    Well,
    /// Neither well nor missing: told, so that a person knows it.
    Told,
    /// Missing, wrong, or not proven.
    Missing,
}

impl Row {
    /// Of what is either done or not.
    pub(crate) const fn done(done: bool) -> Self {
        if done { Self::Well } else { Self::Missing }
    }

    /// Its mark in plain text: only what is well is ticked.
    pub(crate) const fn mark(self) -> &'static str {
        match self {
            Self::Well => "x",
            Self::Told => "-",
            Self::Missing => " ",
        }
    }
}
