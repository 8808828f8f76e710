//! What a file's name says of it.

use super::Writer;
use crate::tezos::{ChainId, Kind};

/// What the files are called, for `find -name`.
pub const PATTERNS: [&str; 7] = [
    "*_highwatermarks",
    "Net*.json",
    "block_high_watermarks",
    "preattestation_high_watermarks",
    "attestation_high_watermarks",
    "preendorsement_high_watermarks",
    "endorsement_high_watermarks",
];

/// How octez-baker's file ends; in front of it stands the short chain id.
const BAKER_END: &str = "_highwatermarks";

/// How Signatory's file ends; in front of it stands the whole chain id.
const SIGNATORY_END: &str = ".json";

/// A file whose name is one of [`PATTERNS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkFileName {
    /// octez-baker's file of this chain.
    Baker,
    /// octez-baker's or Signatory's file of another chain, or octez-baker's of an unknown chain.
    OtherChain,
    /// Signatory's file of this chain, all kinds.
    Signatory,
    /// octez-signer's file of one kind, all chains.
    Signer(Kind),
}

impl MarkFileName {
    /// What the last part of a path stands for, seen from a chain; `None`: no mark file.
    #[must_use]
    pub fn of(name: &str, chain: ChainId) -> Option<Self> {
        let signer = match name {
            "block_high_watermarks" => Some(Kind::Block),
            // Votes had other names before Octez v18.
            "preattestation_high_watermarks" | "preendorsement_high_watermarks" => Some(Kind::Preattestation),
            "attestation_high_watermarks" | "endorsement_high_watermarks" => Some(Kind::Attestation),
            _ => None,
        };
        if let Some(kind) = signer {
            return Some(Self::Signer(kind));
        }
        // Signatory itself starts with no file of such a name that is no chain id (v1.4).
        if let Some(id) = name.strip_suffix(SIGNATORY_END) {
            return id.parse().ok().map(|id: ChainId| if id == chain { Self::Signatory } else { Self::OtherChain });
        }
        let short = name.strip_suffix(BAKER_END)?;
        Some(if chain.is_shortened_to(short) { Self::Baker } else { Self::OtherChain })
    }

    /// Which program writes it.
    #[must_use]
    pub const fn writer(self) -> Writer {
        match self {
            Self::Baker | Self::OtherChain => Writer::OctezBaker,
            Self::Signer(_) => Writer::OctezSigner,
            Self::Signatory => Writer::Signatory,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_chains() {
        let of = |name| MarkFileName::of(name, ChainId::MAINNET);
        for name in ["NetXdQprcVkpa_highwatermarks", "NetXdQprcVkp_highwatermarks", "NetXdQprcVkpaWU_highwatermarks"] {
            assert_eq!(of(name), Some(MarkFileName::Baker), "{name}");
        }
        for name in ["NetXsqzbfFenS_highwatermarks", "NetXdQprcVkpaWUx_highwatermarks", "NetX_highwatermarks"] {
            assert_eq!(of(name), Some(MarkFileName::OtherChain), "{name}");
        }
        assert_eq!(of("block_high_watermarks"), Some(MarkFileName::Signer(Kind::Block)));
        assert_eq!(of("preattestation_high_watermarks"), Some(MarkFileName::Signer(Kind::Preattestation)));
        assert_eq!(of("attestation_high_watermarks"), Some(MarkFileName::Signer(Kind::Attestation)));
        assert_eq!(of("NetXdQprcVkpaWU.json"), Some(MarkFileName::Signatory));
        assert_eq!(of("NetXnHfVqm9iesp.json"), Some(MarkFileName::OtherChain));
        for name in ["NetXdQprcVkpa.json", "NetXdQprcVkpaWU.json.bak", "NetXdQprcVkpaWV.json", "keys.json", ".json"] {
            assert_eq!(of(name), None, "{name}");
        }
        for name in ["", "NetXdQprcVkpa_nonces", "NetXdQprcVkpa_highwatermarks.bak", "public_keys"] {
            assert_eq!(of(name), None, "{name}");
        }
    }
}
