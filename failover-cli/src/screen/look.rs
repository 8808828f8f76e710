//! How the screen looks: its marks and its colours.

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
