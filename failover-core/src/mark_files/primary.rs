//! All mark files of a machine together, and what they prove.

use std::fmt;

use super::{Writer, WrittenMark};
use crate::tezos::{KeyHash, Kind, Position};

/// One file that was read.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct MarkFile {
    /// Where it lies.
    pub path: String,
    /// Which program writes it.
    pub writer: Writer,
    /// Its marks on the chain that was asked for.
    pub marks: Vec<WrittenMark>,
}

/// What was found in a machine's folders, each file whole and unchanged while it was read.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct PrimaryMarks {
    /// The files of the chain. None is a fact of its own, and never "nothing signed".
    pub files: Vec<MarkFile>,
    /// octez-baker's and Signatory's files of other chains, by path: passed over.
    pub other_chains: Vec<String>,
    /// Folders that were looked for and are not there.
    pub absent: Vec<String>,
    /// Why the files could not be read, where only the device was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<String>,
}

/// What octez-baker's file, or the signing device, proves about a consensus key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound<'a> {
    /// Nothing above this was signed with the key, of no kind, as long as the baker is stopped since before the reading.
    Exact {
        /// The highest mark, whatever its kind.
        mark: &'a WrittenMark,
        /// The file.
        path: &'a str,
    },
    /// There is no mark file of this chain.
    NoFile,
    /// There are files, and none by octez-baker for this key: another baker's, or a signer's only, which prove nothing.
    OtherKeys,
    /// The file may be right, and nothing of this baker was seen to hold it against: it may as well be an old one.
    Unconfirmed {
        /// The highest mark, whatever its kind.
        mark: &'a WrittenMark,
    },
    /// The baker or a signer signed above octez-baker's mark: the file is not the one that the baker writes (a moved base folder,
    /// another machine). It proves nothing.
    Stale {
        /// The file's mark of that kind, if it has one.
        mark: Option<&'a WrittenMark>,
        /// What was seen.
        kind: Kind,
        /// Where.
        seen: Position,
    },
}

impl fmt::Display for Bound<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact { mark, path } => write!(f, "nothing above {mark}, by {path}"),
            Self::NoFile => f.write_str("there is no mark file of this chain"),
            Self::OtherKeys => f.write_str("no octez-baker's mark file has this key"),
            Self::Unconfirmed { mark } => {
                write!(f, "the mark file has {mark}, and nothing that this baker signed was seen to confirm it")
            }
            Self::Stale { mark: Some(mark), kind, seen } => {
                write!(f, "the mark file is not the baker's: it has {mark}, and a {kind} at {seen:#} was seen")
            }
            Self::Stale { mark: None, kind, seen } => {
                write!(f, "the mark file is not the baker's: it has no {kind}, and one at {seen:#} was seen")
            }
        }
    }
}

impl PrimaryMarks {
    /// The highest mark of these keys in any file, whatever its program and kind: signed at least so far, maybe
    /// further. An observation for the floor (S2).
    #[must_use]
    pub fn highest(&self, keys: &[KeyHash]) -> Option<&WrittenMark> {
        let marks = self.files.iter().flat_map(|file| &file.marks);
        marks.filter(|mark| keys.contains(&mark.key)).max_by_key(|mark| mark.order())
    }

    /// How far the key can have signed. `seen` is every position of the baker that was seen, on chain and in the
    /// mempool, by kind: one above the file's mark of its kind shows that the file is not the baker's, and without any
    /// nothing shows that it is. What octez-signer or Signatory wrote down counts as seen.
    ///
    /// Only marks that were read *after* the stop count. The answer covers a companion key too. Where octez-baker's file
    /// and the signing device both bound it, the higher one does; where only one does, that one.
    #[must_use]
    pub fn bound(&self, consensus: &KeyHash, seen: impl IntoIterator<Item = (Kind, Position)>) -> Bound<'_> {
        if self.files.is_empty() {
            return Bound::NoFile;
        }
        let seen: Vec<_> = seen.into_iter().collect();
        match (self.bound_by(Writer::OctezBaker, consensus, &seen), self.bound_by(Writer::Device, consensus, &seen)) {
            (Bound::Exact { mark: file, .. }, device @ Bound::Exact { mark, .. }) if mark.order() > file.order() => {
                device
            }
            (file @ Bound::Exact { .. }, _) => file,
            (_, device @ Bound::Exact { .. }) => device,
            (file, Bound::OtherKeys) => file,
            (Bound::OtherKeys, device) => device,
            (file, _) => file,
        }
    }

    fn bound_by(&self, writer: Writer, consensus: &KeyHash, seen: &[(Kind, Position)]) -> Bound<'_> {
        let marks = || {
            let files = self.files.iter().filter(move |file| file.writer == writer);
            let marks = files.flat_map(|file| file.marks.iter().map(|mark| (file.path.as_str(), mark)));
            marks.filter(|(_, mark)| mark.key == *consensus)
        };
        let Some((path, mark)) = marks().max_by_key(|(_, mark)| mark.order()) else { return Bound::OtherKeys };
        let of = |kind| marks().map(|(_, mark)| mark).filter(|mark| mark.kind == kind).max_by_key(|mark| mark.order());
        let mut confirmed = false;
        for (kind, seen) in seen.iter().copied().chain(self.signed_with(consensus)) {
            confirmed = true;
            let mark = of(kind);
            if mark.is_none_or(|mark| mark.is_below(seen)) {
                return Bound::Stale { mark, kind, seen };
            }
        }
        if confirmed { Bound::Exact { mark, path } } else { Bound::Unconfirmed { mark } }
    }

    /// What a signer wrote down for a key: it did sign that, or was about to.
    fn signed_with(&self, key: &KeyHash) -> impl Iterator<Item = (Kind, Position)> {
        let files = self.files.iter().filter(|file| file.writer.is_witness());
        let marks = files.flat_map(|file| &file.marks).filter(move |mark| mark.key == *key);
        marks.map(|mark| (mark.kind, Position::new(mark.level, mark.round.unwrap_or_default())))
    }
}

#[cfg(test)]
mod tests;
