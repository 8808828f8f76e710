//! Marks: what a signer remembers of what it signed.

use std::fmt;

use crate::tezos::{ChainId, Kind, Position};

/// The high watermark for a kind: the highest position signed or set. Empty where nothing ever was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Mark(pub Option<Position>);

impl Mark {
    /// A mark at a position.
    #[must_use]
    pub const fn at(position: Position) -> Self {
        Self(Some(position))
    }

    /// As a person reads it: `(15,267,099, 0)`, or `nothing signed`. `{mark:#}` writes the same.
    #[must_use]
    pub fn grouped(&self) -> String {
        format!("{self:#}")
    }
}

/// In digits; `{:#}` is [`Mark::grouped`], for people.
impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(position) => position.fmt(f),
            None => f.pad("nothing signed"),
        }
    }
}

/// A key's three marks. A Ledger has one for all kinds: three times the same here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
pub struct Marks {
    /// Blocks.
    #[serde(deserialize_with = "there")]
    pub block: Mark,
    /// Preattestations.
    #[serde(deserialize_with = "there")]
    pub preattestation: Mark,
    /// Attestations.
    #[serde(deserialize_with = "there")]
    pub attestation: Mark,
}

/// A mark that is not there is unknown, and no empty one (S3): without this, serde reads it as `null`.
fn there<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Mark, D::Error> {
    serde::Deserialize::deserialize(deserializer)
}

impl Marks {
    /// The same mark for all kinds.
    #[must_use]
    pub const fn all(mark: Mark) -> Self {
        Self { block: mark, preattestation: mark, attestation: mark }
    }

    /// The mark of a kind.
    #[must_use]
    pub const fn of(&self, kind: Kind) -> Mark {
        match kind {
            Kind::Block => self.block,
            Kind::Preattestation => self.preattestation,
            Kind::Attestation => self.attestation,
        }
    }

    /// The highest of the three.
    #[must_use]
    pub fn highest(&self) -> Mark {
        self.block.max(self.preattestation).max(self.attestation)
    }

    /// The lowest of the three.
    #[must_use]
    pub fn lowest(&self) -> Mark {
        self.block.min(self.preattestation).min(self.attestation)
    }
}

/// One position where they are the same, else each by its kind; `{:#}` for people, as of a [`Mark`].
impl fmt::Display for Marks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.highest() == self.lowest() {
            return self.highest().fmt(f);
        }
        f.write_str("block ")?;
        self.block.fmt(f)?;
        f.write_str(", preattestation ")?;
        self.preattestation.fmt(f)?;
        f.write_str(", attestation ")?;
        self.attestation.fmt(f)
    }
}

/// The two marks of a Ledger's app (Tezos Baking 2.5.1): the main one guards one chain, the other one every other chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LedgerMarks {
    /// The chain that it is set up for; four zero bytes make every chain the main chain.
    pub chain: ChainId,
    /// That chain's mark.
    #[serde(deserialize_with = "there")]
    pub main: Mark,
    /// The mark of every other chain.
    #[serde(deserialize_with = "there")]
    pub test: Mark,
}

impl LedgerMarks {
    /// Is it set up for this chain, or for every chain?
    #[must_use]
    pub fn is_for(&self, chain: ChainId) -> bool {
        self.chain == chain || self.chain.bytes() == [0; 4]
    }

    /// What SETUP for this chain makes of a device that was used and is set up for another one, or for none; `None`: it is
    /// neither.
    #[must_use]
    pub fn takeover(&self, chain: ChainId) -> Option<String> {
        let name = chain.network().map_or_else(|| chain.to_string(), str::to_owned);
        let highest = self.main.max(self.test).0.filter(|_| self.chain != chain)?;
        // As its screen writes it.
        let test = highest.level.above(1).get();
        Some(format!(
            "the Ledger is {self}; the press sets it up for {name}, and from then on every other chain is guarded by {test}, \
             one level above the higher of its marks"
        ))
    }

    /// The mark that decides what is signed on this chain.
    #[must_use]
    pub fn guarding(&self, chain: ChainId) -> Mark {
        if self.is_for(chain) { self.main } else { self.test }
    }
}

impl std::fmt::Display for LedgerMarks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.chain.bytes() == [0; 4] {
            return write!(f, "set up for no chain: its mark for every chain is {:#}", self.main);
        }
        let name = self.chain.network().map_or_else(|| self.chain.to_string(), str::to_owned);
        write!(
            f,
            "set up for {name}: its mark there is {:#}, its mark for every other chain {:#}",
            self.main, self.test
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tezos::Level;

    fn at(level: u64) -> Mark {
        Mark(Level::new(level).map(Position::start_of))
    }

    /// S3: `null` is a mark that was never set; one that is missing is not known.
    #[test]
    fn a_mark_that_is_missing_is_no_empty_one() {
        let empty = r#"{"block":null,"preattestation":null,"attestation":null}"#;
        assert_eq!(serde_json::from_str::<Marks>(empty).unwrap(), Marks::default());
        for without in ["block", "preattestation", "attestation"] {
            let text = empty.replace(&format!("\"{without}\":null"), "\"other\":1");
            assert!(serde_json::from_str::<Marks>(&text).is_err(), "without {without}");
        }
        let ledger = r#"{"chain":"NetXdQprcVkpaWU","main":null,"test":null}"#;
        assert!(serde_json::from_str::<LedgerMarks>(ledger).is_ok());
        for without in ["main", "test"] {
            let text = ledger.replace(&format!("\"{without}\":null"), "\"other\":1");
            assert!(serde_json::from_str::<LedgerMarks>(&text).is_err(), "without {without}");
        }
    }

    #[test]
    fn what_the_press_makes_of_a_device_of_another_chain_or_of_none_is_said() {
        let none = ChainId::new([0; 4]);
        let marks = |chain, main, test| LedgerMarks { chain, main: at(main), test: at(test) };
        let says = marks(none, 15_304_086, 0).takeover(ChainId::MAINNET).unwrap();
        assert!(says.contains("set up for no chain") && says.contains("guarded by 15304087,"), "{says}");
        let says = marks(ChainId::new([1; 4]), 7, 20_000_000).takeover(ChainId::MAINNET).unwrap();
        assert!(says.contains("(20,000,000, 0)") && says.contains("guarded by 20000001,"), "{says}");
        // Ours, or as it left the factory: the press changes nothing that a person would miss.
        assert_eq!(marks(ChainId::MAINNET, 7, 20_000_000).takeover(ChainId::MAINNET), None);
        assert_eq!(marks(none, 0, 0).takeover(ChainId::MAINNET), None);
    }
}
