//! A line that a person is asked for, with an answer that Enter takes. For what only fills in a form: nothing that arms,
//! stops or fences is asked so.

use std::io::IsTerminal as _;

use failover_core::operator::OperatorError;

use super::DEADLINE;
use super::terminal::{Echo, Terminal};
use crate::text::printable;

/// Is there somebody to ask?
pub(crate) fn somebody() -> bool {
    std::io::stdin().is_terminal()
}

/// Asks for one line; an empty one is the default, and without a default nothing.
///
/// # Errors
/// There is no terminal, the person cancelled, or said nothing in time.
pub(crate) fn asked(
    what: &'static str,
    flag: &'static str,
    text: &str,
    default: Option<&str>,
) -> Result<Option<String>, OperatorError> {
    let text = match default {
        Some(default) => format!("{text} [{default}]:"),
        None => format!("{text}:"),
    };
    let line = Terminal::open(what, flag)?.line(&printable(&text), what, Echo::On, DEADLINE)?;
    let typed = String::from_utf8_lossy(&line).trim().to_owned();
    Ok(if typed.is_empty() { default.map(str::to_owned) } else { Some(typed) })
}
