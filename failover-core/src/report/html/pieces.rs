//! What more than one part of the page is made of.

use maud::{Markup, html};

use crate::report::words::parts;
use crate::report::{PointOf, capital};

/// Text in which what stands between two backticks is a command.
pub(super) fn prose(text: &str) -> Markup {
    html! {
        @for (part, is_code) in parts(text) {
            @if is_code { code { (part) } } @else { (part) }
        }
    }
}

/// A sign that only repeats what is said beside it.
pub(super) fn sign(sign: &str) -> Markup {
    html! { span class="sign" aria-hidden="true" { (sign) } }
}

/// A fragment as a sentence: a capital letter, and a full stop where there is none.
pub(super) fn sentence(text: &str) -> String {
    stopped(capital(text.trim()))
}

/// A full stop at its end, where there is none.
pub(super) fn stopped(text: String) -> String {
    if text.ends_with(['.', '!', '?']) { text } else { format!("{text}.") }
}

/// The class of what belongs to one of them, which gives it its colour.
pub(super) const fn class(whose: PointOf) -> &'static str {
    match whose {
        PointOf::Chain => "chain",
        PointOf::Primary => "primary",
        PointOf::Backup => "backup",
        PointOf::Foreign => "foreign",
    }
}
