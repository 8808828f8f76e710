//! From bytes to a value, or a sentence why not.

use serde::Deserialize;
use serde_json::error::Category;

use crate::chain::text::clipped;

/// Why an answer is not the value that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    /// In words.
    pub(super) why: String,
    /// It is whole JSON, but of another shape.
    pub(super) is_json: bool,
}

pub(super) fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Wrong> {
    let not_json = |why: &str| Err(Wrong { why: why.to_owned(), is_json: false });
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => return not_json("an empty answer"),
        Some(b'<') => return not_json("HTML, not JSON"),
        Some(_) => {}
    }
    serde_json::from_slice(body)
        .map_err(|e| Wrong { why: clipped(&e.to_string(), 200), is_json: e.classify() == Category::Data })
}
