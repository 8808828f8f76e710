//! What a look came to.

/// What was found, or what is missing and the next safe action.
pub(super) type Found = Result<String, (String, String)>;
