//! What a look came to.

/// What was found, or what is missing and the next safe action.
pub(super) type Found = Result<String, (String, String)>;

/// The same where it may be merely told: neither well nor missing.
pub(super) enum Seen {
    /// As it must be.
    Well(String),
    /// Not known, not used, or done later: a person should read it, and nothing is missing.
    Told(String),
    /// Missing or wrong, and the next safe action.
    Missing(String, String),
}

impl From<Found> for Seen {
    fn from(found: Found) -> Self {
        match found {
            Ok(says) => Self::Well(says),
            Err((says, next)) => Self::Missing(says, next),
        }
    }
}
