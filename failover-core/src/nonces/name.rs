//! What a file's name says of it.

use crate::tezos::ChainId;

/// What the files are called, for `find -name`.
pub const PATTERN: &str = "*_nonces";

/// A file whose name ends as [`PATTERN`] says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NonceFileName {
    /// `NetX..._stateful_nonces`.
    Stateful,
    /// `NetX..._nonces`.
    Legacy,
}

/// Which chain's a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    /// This chain's.
    Chain(NonceFileName),
    /// This chain's, and the baker makes it anew.
    Orphaned,
    /// Another chain's, or none that can be told.
    Other,
}

impl NonceFileName {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Stateful, Self::Legacy];

    /// What its name ends with, behind the short chain id.
    #[must_use]
    pub const fn end(self) -> &'static str {
        match self {
            Self::Stateful => "_stateful_nonces",
            Self::Legacy => "_nonces",
        }
    }

    /// The file's name, with Octez' short form of the chain id (`Chain_id.pp_short`, v25: 13 characters).
    #[must_use]
    pub fn of_chain(self, chain: ChainId) -> String {
        let short: String = chain.to_string().chars().take(13).collect();
        format!("{short}{}", self.end())
    }

    /// What the last part of a path stands for, seen from a chain; `None`: no nonce file.
    pub(crate) fn of(name: &str, chain: ChainId) -> Option<Of> {
        let ends = [
            (Self::Stateful.end(), Of::Chain(Self::Stateful)),
            ("_orphaned_nonces", Of::Orphaned),
            (Self::Legacy.end(), Of::Chain(Self::Legacy)),
        ];
        let (short, of) = ends.into_iter().find_map(|(end, of)| Some((name.strip_suffix(end)?, of)))?;
        Some(if chain.is_shortened_to(short) { of } else { Of::Other })
    }
}
