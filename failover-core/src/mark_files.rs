//! What a baker or a signer wrote down of what it signed, in files: parsing only, no I/O.
//!
//! # Three programs, two meanings
//! - **octez-baker** (Octez v25.1, `src/proto_*/lib_delegate/baking_highwatermarks.ml`) writes `NetX..._highwatermarks` in
//!   its base folder *before* it asks for each signature, for every kind. Read after the baker has stopped, it is the
//!   highest position that this baker can have signed. Its `delegate` is the consensus key's hash. A companion key signs
//!   with the consensus key's votes and has no entry of its own: the consensus key's bounds it. The order of writing and
//!   signing holds through whichever signer, so this one file is enough for an exact bound: [`PrimaryMarks::bound`].
//! - **octez-signer** (Octez v25.1, `src/bin_signer/handler.ml`) writes its three files only when it runs with `-W`
//!   (`--check-high-watermark`, off by default), after it signed and before it answers. Without `-W` they are missing
//!   or old, and nothing in them tells. So they can raise what is known to be signed, and never prove that there was no
//!   more: [`PrimaryMarks::highest`].
//!
//! - **Signatory** (v1.4, `pkg/signatory/watermark/file.go`, 2026-04) writes `NetX....json` in the folder `watermark_v2` of its
//!   `base_dir` before it asks its vault for the signature. With another watermark driver (`mem`, `aws`, `gcp`) it writes
//!   none, and an older file stays, which does not show that it is old. So it counts as octez-signer's do. What it has as
//!   a block's round is the payload's, which may be lower (gotez of proto 024): taken as any round of that level.
//! - **the signing device** itself has no file, and its marks stand beside those of the files:
//!   nothing above them was signed with it, so they bound what was signed just as octez-baker's file does.
//!
//! Neither of Octez's programs writes atomically: a file that was cut in half or emptied by a lost power supply says nothing, which is an
//! error and never "no marks" (S3). Whether a level can be true is not judged here (the cap is the decision's, S4).

use std::fmt;

use crate::tezos::{KeyHash, Kind, Level, Position, Round};

mod name;
mod parse;
mod primary;
mod shape;

pub use name::{MarkFileName, PATTERNS};
pub use parse::{MarkFileError, SIZE_LIMIT, parse};
pub use primary::{Bound, MarkFile, PrimaryMarks};

/// Which program writes a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Writer {
    /// octez-baker: before each signature, all kinds in one file.
    OctezBaker,
    /// octez-signer with `-W`: a file a kind.
    OctezSigner,
    /// Signatory with its watermark driver `file`: before each signature, all kinds in one file.
    Signatory,
    /// No file: the signing device's own marks, which it sets with each signature.
    Device,
}

impl Writer {
    /// Is it a signer of which nothing tells whether it wrote down everything that it signed? What it wrote down can raise what is
    /// known to be signed, and bounds nothing.
    #[must_use]
    pub const fn is_witness(self) -> bool {
        matches!(self, Self::OctezSigner | Self::Signatory)
    }
}

impl fmt::Display for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::OctezBaker => "octez-baker",
            Self::OctezSigner => "octez-signer",
            Self::Signatory => "Signatory",
            Self::Device => "the signing device",
        })
    }
}

/// One line of a file: up to where a key signed a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct WrittenMark {
    /// The signing key's hash.
    pub key: KeyHash,
    /// What was signed.
    pub kind: Kind,
    /// The level.
    pub level: Level,
    /// The round; `None` where a signer's file does not say: any round of that level.
    pub round: Option<Round>,
}

impl WrittenMark {
    /// Its place in the order of marks: a level without a round stands above all of its rounds.
    #[must_use]
    pub const fn order(&self) -> (Level, u64) {
        let round = match self.round {
            Some(Round(round)) => round as u64,
            None => u64::MAX,
        };
        (self.level, round)
    }

    /// Does a position lie above it?
    #[must_use]
    pub fn is_below(&self, at: Position) -> bool {
        self.order() < (at.level, u64::from(at.round.0))
    }
}

impl fmt::Display for WrittenMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.round {
            Some(round) => write!(f, "{} at {:#}", self.kind, Position::new(self.level, round)),
            None => write!(f, "{} at level {:#}, any round", self.kind, self.level),
        }
    }
}
