//! Which chain.

use super::base58::base58_text;

/// A chain id, `Net...`: four bytes, the hash of the genesis block.
///
/// ```
/// use failover_core::tezos::ChainId;
/// let mainnet: ChainId = "NetXdQprcVkpaWU".parse()?;
/// assert_eq!(mainnet, ChainId::MAINNET);
/// assert_eq!(mainnet.bytes(), [0x7a, 0x06, 0xa7, 0x70]);
/// # Ok::<(), failover_core::tezos::Base58Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChainId([u8; 4]);

base58_text!(ChainId, &[0x57, 0x52, 0x00], "a chain id (Net...)");

/// How much of a chain id a short form must have.
const SHORT: usize = 12;

impl ChainId {
    /// Mainnet.
    pub const MAINNET: Self = Self([0x7a, 0x06, 0xa7, 0x70]);

    /// The chain with these four bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 4]) -> Self {
        Self(bytes)
    }

    /// The four bytes, as they stand in signed messages and in the Ledger app's APDUs (big-endian).
    #[must_use]
    pub const fn bytes(self) -> [u8; 4] {
        self.0
    }

    /// Is this the chain's short form, as it stands in front of the names of Octez' files? It has 13 of the 15 characters,
    /// read from the source and not yet seen on a real machine, so one less is enough too.
    #[must_use]
    pub fn is_shortened_to(&self, short: &str) -> bool {
        short.len() >= SHORT && self.to_string().starts_with(short)
    }

    /// The chain that a network's name stands for, or that a chain id spells.
    ///
    /// # Errors
    /// The text is neither a known network nor a chain id.
    pub fn of_network(name: &str) -> Result<Self, super::Base58Error> {
        NETWORKS.iter().find(|(known, _)| *known == name).map_or_else(|| name.parse(), |(_, chain)| Ok(*chain))
    }

    /// The name of the network whose chain this is; `None` for one that this version does not know.
    #[must_use]
    pub fn network(self) -> Option<&'static str> {
        NETWORKS.iter().find(|(_, chain)| *chain == self).map(|(name, _)| *name)
    }
}

/// The networks that are known by name.
const NETWORKS: [(&str, ChainId); 5] = [
    ("mainnet", ChainId::MAINNET),
    ("shadownet", ChainId([0xd0, 0x52, 0x21, 0x8e])),
    ("ghostnet", ChainId([0xaf, 0x18, 0x64, 0xd9])),
    ("tallinnnet", ChainId([0x7e, 0x4a, 0xec, 0x6d])),
    ("seoulnet", ChainId([0x77, 0xfe, 0x09, 0xb1])),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_its_chain_there_and_back() {
        for (name, chain) in NETWORKS {
            assert_eq!(ChainId::of_network(name), Ok(chain));
            assert_eq!((chain.network(), ChainId::of_network(&chain.to_string())), (Some(name), Ok(chain)));
        }
        assert_eq!(ChainId([1, 2, 3, 4]).network(), None);
        assert!(ChainId::of_network("nonet").is_err());
    }
}
