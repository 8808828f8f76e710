//! How the screen looks: its marks, its colours, the terminal's size.

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
    pub(super) const fn is_enough(self) -> bool {
        self.rows >= Self::LEAST.rows && self.columns >= Self::LEAST.columns
    }
}

/// How a step, a rung or a thing that was tried stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Not begun.
    ToCome,
    /// A later one was begun.
    Skipped,
    /// Under way.
    Active,
    /// Begun, and it goes on after another one.
    Open,
    Done,
    Failed,
}

/// Which characters and which colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) colour: bool,
    /// Not only ASCII.
    pub(crate) unicode: bool,
}

impl Look {
    /// Marks that this locale can show: the first of these variables that is set decides, as for every program.
    pub(crate) fn of_locale(colour: bool) -> Self {
        let set = ["LC_ALL", "LC_CTYPE", "LANG"].iter().filter_map(|name| std::env::var(name).ok());
        let locale = set.into_iter().find(|value| !value.is_empty()).unwrap_or_default().to_uppercase();
        Self { colour, unicode: locale.contains("UTF-8") || locale.contains("UTF8") }
    }

    /// The mark of a step, in three characters.
    pub(super) const fn mark(self, state: State) -> &'static str {
        match (state, self.unicode) {
            (State::ToCome, true) => "   ",
            (State::Skipped, true) => " – ",
            (State::Active, true) => " ▸ ",
            (State::Open, true) => " … ",
            (State::Done, true) => " ✓ ",
            (State::Failed, true) => " ✗ ",
            (State::ToCome, false) => "[ ]",
            (State::Skipped, false) => "[-]",
            (State::Active, false) => "[>]",
            (State::Open, false) => "[.]",
            (State::Done, false) => "[x]",
            (State::Failed, false) => "[!]",
        }
    }

    /// What says that there is more.
    pub(super) const fn more(self) -> &'static str {
        if self.unicode { "…" } else { "..." }
    }

    /// Text in the colour of a state.
    pub(super) fn paint(self, state: State, text: &str) -> String {
        let colour = match state {
            State::ToCome | State::Skipped => "2",
            State::Active => "1;36",
            State::Open => "33",
            State::Done => "32",
            State::Failed => "1;31",
        };
        if self.colour && !text.trim().is_empty() { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    }
}
