//! From a file's text to its marks, or why it says nothing.

use super::shape::{BakerFile, SignatoryFile, SignerFile};
use super::{MarkFileName, WrittenMark};
use crate::tezos::{ChainId, KeyHash, Kind, Level};

/// The longest file that is read, in bytes. A key takes some 120 in octez-baker's file, some 400 in octez-signer's, some
/// 600 in Signatory's.
pub const SIZE_LIMIT: u64 = 256 * 1024;

/// Why a mark file says nothing: what was signed is unknown (S3).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MarkFileError {
    /// Emptied: the writer was stopped, or lost power, between emptying and writing.
    #[error("it is empty")]
    Empty,
    /// It ends in the middle.
    #[error("it is cut off after {bytes} bytes")]
    Cut {
        /// How much there is.
        bytes: u64,
    },
    /// Not what its writer writes.
    #[error("it is not what its program writes: {why}")]
    Malformed {
        /// What is wrong, and at which line and column.
        why: String,
    },
    /// Longer than [`SIZE_LIMIT`].
    #[error("it has {bytes} bytes, too many for marks")]
    TooLarge {
        /// How long it is.
        bytes: u64,
    },
    /// It changed while it was read: something still writes.
    #[error("it changed while it was read: something still writes it")]
    Changed,
    /// A folder, a pipe, or a link that leads nowhere.
    #[error("it is not a regular file")]
    NotAFile,
}

impl MarkFileError {
    /// The next safe action.
    #[must_use]
    pub const fn next(&self) -> &'static str {
        match self {
            Self::Changed => "stop what signs there, then read again",
            Self::Empty | Self::Cut { .. } | Self::Malformed { .. } | Self::TooLarge { .. } | Self::NotAFile => {
                "leave the file as it is; without it the highest signed level is taken from the chain"
            }
        }
    }

    pub(super) fn malformed(why: impl ToString) -> Self {
        Self::Malformed {
            why: why.to_string().chars().map(|c| if c.is_control() { '?' } else { c }).take(200).collect(),
        }
    }
}

/// Reads the marks of one chain from a file's whole text. A key that is there twice is given twice.
///
/// # Errors
/// Anything that is not a whole file: see [`MarkFileError`].
///
/// ```
/// use failover_core::mark_files::{MarkFileName, parse};
/// use failover_core::tezos::ChainId;
/// let name = MarkFileName::of("NetXdQprcVkpa_highwatermarks", ChainId::MAINNET).ok_or("no mark file")?;
/// let text = r#"{"blocks":[],"preattestations":[],"attestations":[
///     {"delegate":"tz4NTHPSqmuoo3o8BnQK5Bjhe9GxCUNvNkEh","highwatermark":{"round":0,"level":15267099}}]}"#;
/// assert_eq!(parse(name, text, ChainId::MAINNET)?.len(), 1);
/// assert!(parse(name, &text[..100], ChainId::MAINNET).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn parse(name: MarkFileName, text: &str, chain: ChainId) -> Result<Vec<WrittenMark>, MarkFileError> {
    let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX);
    if bytes > SIZE_LIMIT {
        return Err(MarkFileError::TooLarge { bytes });
    }
    // After a power cut a file may have its length, and zeros.
    if text.bytes().all(|byte| byte == 0 || byte.is_ascii_whitespace()) {
        return Err(MarkFileError::Empty);
    }
    let wrong = |error: serde_json::Error| match error.is_eof() {
        true => MarkFileError::Cut { bytes },
        false => MarkFileError::malformed(error),
    };
    match name {
        MarkFileName::OtherChain => Ok(Vec::new()),
        MarkFileName::Baker => serde_json::from_str(text).map(of_baker).map_err(wrong),
        MarkFileName::Signer(kind) => of_signer(serde_json::from_str(text).map_err(wrong)?, kind, chain),
        MarkFileName::Signatory => of_signatory(serde_json::from_str(text).map_err(wrong)?),
    }
}

fn of_baker(file: BakerFile) -> Vec<WrittenMark> {
    let BakerFile { blocks, preattestations, attestations } = file;
    let lists = [(Kind::Block, blocks), (Kind::Preattestation, preattestations), (Kind::Attestation, attestations)];
    let marks = lists.into_iter().flat_map(|(kind, list)| list.into_iter().map(move |entry| (kind, entry)));
    marks
        .map(|(kind, entry)| WrittenMark {
            key: entry.delegate,
            kind,
            level: entry.highwatermark.level,
            round: Some(entry.highwatermark.round),
        })
        .collect()
}

fn of_signer(file: SignerFile, kind: Kind, chain: ChainId) -> Result<Vec<WrittenMark>, MarkFileError> {
    let mut marks = Vec::new();
    for (of, keys) in file.0 {
        // A malformed chain id may have been ours.
        if of.parse::<ChainId>().map_err(MarkFileError::malformed)? != chain {
            continue;
        }
        for (key, mark) in keys.0 {
            let key: KeyHash = key.parse().map_err(MarkFileError::malformed)?;
            let level = Level::new(mark.level).ok_or_else(|| MarkFileError::malformed(format!("{key} has level 0")))?;
            marks.push(WrittenMark { key, kind, level, round: mark.round });
        }
    }
    Ok(marks)
}

fn of_signatory(file: SignatoryFile) -> Result<Vec<WrittenMark>, MarkFileError> {
    let mut marks = Vec::new();
    for (key, kinds) in file.0 {
        let key: KeyHash = key.parse().map_err(MarkFileError::malformed)?;
        for (name, mark) in kinds.0 {
            // A block's round in it is its payload's, which an earlier round may have proposed: the block's own is unknown.
            let (kind, round) = match name.as_str() {
                "block" => (Kind::Block, None),
                // Votes had other names in files of before 2024.
                "preattestation" | "preendorsement" => (Kind::Preattestation, Some(mark.round)),
                // Of tz1 to tz3 with DAL content, with a mark of its own.
                "attestation" | "attestation_with_dal" | "endorsement" => (Kind::Attestation, Some(mark.round)),
                other => return Err(MarkFileError::malformed(format!("{key} has a mark of the kind {other:?}"))),
            };
            let level = Level::new(mark.level).ok_or_else(|| MarkFileError::malformed(format!("{key} has level 0")))?;
            marks.push(WrittenMark { key, kind, level, round });
        }
    }
    Ok(marks)
}

#[cfg(test)]
mod tests;
