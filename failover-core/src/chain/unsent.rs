//! Why a request had no answer, in words.

use super::text::clipped;

/// How much of what others say is shown, in characters.
pub(super) const SHOWN: usize = 200;

/// In words, without the URL.
pub(crate) fn why(error: &ureq::Error) -> String {
    match error {
        ureq::Error::BadUri(_) => "its URL is not one".to_owned(),
        ureq::Error::Io(e) => clipped(&e.to_string(), SHOWN),
        other => clipped(&other.to_string(), SHOWN),
    }
}
