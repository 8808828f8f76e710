//! Do two sources see the same chain? They agree where they have the same block at the lower of their heads (H1, H20).

use super::{ChainError, ChainLevelSource, FINAL, Head, LastSigned};
use crate::tezos::{BlockHash, ChainId, KeyHash, Level};

/// A source this far away in either direction may just not have seen the newest blocks.
pub const NEAR: u64 = 2;

/// How a source stands to the own node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case", tag = "standing")]
#[non_exhaustive]
pub enum Standing {
    /// The same block at the lower of both heads, which are near each other.
    Agrees,
    /// The newest blocks are others, the final ones the same: the chain is being reorganised. No opinion.
    Reorganising,
    /// The same chain, but far behind: ignored, and said. No opinion.
    Behind {
        /// Levels.
        by: u64,
    },
    /// Further ahead of the own node than blocks travel: one of the two is wrong.
    Ahead {
        /// Levels.
        by: u64,
    },
    /// Another block where both must have the same: one of the two is wrong.
    Differs {
        /// The level.
        at: Level,
    },
    /// On another chain altogether.
    OtherChain {
        /// Which.
        found: ChainId,
    },
}

impl Standing {
    /// Is this an opinion that the own node's head is right?
    #[must_use]
    pub const fn agrees(self) -> bool {
        matches!(self, Self::Agrees)
    }

    /// Does it contradict the own node?
    #[must_use]
    pub const fn contradicts(self) -> bool {
        matches!(self, Self::Ahead { .. } | Self::Differs { .. } | Self::OtherChain { .. })
    }
}

impl std::fmt::Display for Standing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Agrees => f.write_str("agrees"),
            Self::Reorganising => f.write_str("has other newest blocks: the chain is being reorganised"),
            Self::Behind { by } => write!(f, "is {by} levels behind, and ignored"),
            Self::Ahead { by } => write!(f, "is {by} levels ahead"),
            Self::Differs { at } => write!(f, "has another block at level {at:#}"),
            Self::OtherChain { found } => write!(f, "is on the chain {found}"),
        }
    }
}

/// What a source said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceAnswer {
    /// Its head.
    pub head: Head,
    /// Its block at the lower of both heads; `None`: too far ahead, so that it does not matter.
    lower: Option<(Level, BlockHash)>,
    /// The baker's last signatures that it knows of; empty where it keeps no index.
    pub last_signed: Vec<LastSigned>,
}

/// Asks a source for all that [`standing`] needs of it, and for what it knows of a baker, where one is named.
///
/// # Errors
/// See [`ChainError`].
pub fn ask(source: &mut dyn ChainLevelSource, own: Level, baker: Option<&KeyHash>) -> Result<SourceAnswer, ChainError> {
    let head = source.head()?;
    let lower = match head.level.since(own) {
        0 => Some((head.level, head.hash)),
        1..=NEAR => Some((own, source.hash_at(own)?)),
        _ => None,
    };
    let last_signed = match baker {
        Some(baker) => source.last_signed(baker)?.unwrap_or_default(),
        None => Vec::new(),
    };
    Ok(SourceAnswer { head, lower, last_signed })
}

/// Holds what a source said against the own node.
///
/// # Errors
/// See [`ChainError`]: of either, where a block below the heads has to be compared.
pub fn standing(
    own: &mut dyn ChainLevelSource,
    head: &Head,
    source: &mut dyn ChainLevelSource,
    said: &SourceAnswer,
) -> Result<Standing, ChainError> {
    if said.head.chain_id != head.chain_id {
        return Ok(Standing::OtherChain { found: said.head.chain_id });
    }
    let Some((at, theirs)) = said.lower else {
        return Ok(Standing::Ahead { by: said.head.level.since(head.level) });
    };
    let by = head.level.since(said.head.level);
    let ours = if at == head.level { Ok(head.hash) } else { own.hash_at(at) };
    let ours = match ours {
        // So far back that the own node does not keep it any more (rolling history).
        Err(ChainError::Missing { .. }) if by > NEAR => return Ok(Standing::Behind { by }),
        ours => ours?,
    };
    if ours != theirs {
        let Some(settled) = head.level.below(FINAL) else { return Ok(Standing::Reorganising) };
        // The own node's block is final there: what is another one is wrong, or the own node is.
        if at <= settled {
            return Ok(Standing::Differs { at });
        }
        let same = own.hash_at(settled)? == source.hash_at(settled)?;
        return Ok(if same { Standing::Reorganising } else { Standing::Differs { at: settled } });
    }
    Ok(if by > NEAR { Standing::Behind { by } } else { Standing::Agrees })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::tezos::Round;

    /// A chain up to a head, whose blocks differ from everybody's above `fork`.
    struct Chain {
        head: u64,
        fork: u64,
        /// The lowest level that it keeps.
        kept: u64,
        id: ChainId,
        last: Vec<LastSigned>,
    }

    fn chain(head: u64) -> Chain {
        Chain { head, fork: u64::MAX, kept: 1, id: ChainId::MAINNET, last: Vec::new() }
    }

    fn level(n: u64) -> Level {
        Level::new(n).unwrap()
    }

    impl ChainLevelSource for Chain {
        fn name(&self) -> &str {
            "a chain"
        }
        fn head(&mut self) -> Result<Head, ChainError> {
            let level = level(self.head);
            let hash = self.hash_at(level)?;
            let timestamp = Timestamp::from_millis(0);
            Ok(Head { level, round: Round(0), hash, timestamp, chain_id: self.id, protocol: "P".to_owned() })
        }
        fn hash_at(&mut self, level: Level) -> Result<BlockHash, ChainError> {
            let path = level.to_string();
            let missing = || ChainError::Missing { source_name: "a chain".to_owned(), path, why: "not yet".to_owned() };
            let seen = (self.kept..=self.head).contains(&level.get());
            let mark = u8::from(level.get() > self.fork);
            let low = u8::try_from(level.get() % 256).unwrap();
            seen.then(|| BlockHash::new([[mark, low]; 16].as_flattened().try_into().unwrap())).ok_or_else(missing)
        }
        fn last_signed(&mut self, _: &KeyHash) -> Result<Option<Vec<LastSigned>>, ChainError> {
            Ok(Some(self.last.clone()))
        }
    }

    #[test]
    fn one_that_is_further_behind_than_the_own_node_keeps_blocks_is_left_aside() {
        let mut own = Chain { head: 1000, kept: 900, ..chain(1000) };
        let own_head = own.head().unwrap();
        for (head, expected) in [(899, Standing::Behind { by: 101 }), (900, Standing::Behind { by: 100 })] {
            let mut other = chain(head);
            let said = ask(&mut other, own_head.level, None).unwrap();
            assert_eq!(standing(&mut own, &own_head, &mut other, &said), Ok(expected));
        }
        // Near the head a block that is missing is no opinion of the other source's.
        own.kept = 1000;
        for head in [998, 999] {
            let mut other = chain(head);
            let said = ask(&mut other, own_head.level, None).unwrap();
            assert!(matches!(standing(&mut own, &own_head, &mut other, &said), Err(ChainError::Missing { .. })));
        }
    }

    /// How a chain with this head, other above `fork`, stands to an own node at level 1000.
    fn judged(head: u64, fork: u64) -> Result<Standing, ChainError> {
        on(head, fork, ChainId::MAINNET)
    }

    fn on(head: u64, fork: u64, id: ChainId) -> Result<Standing, ChainError> {
        let (mut own, mut other) = (chain(1000), Chain { fork, id, ..chain(head) });
        let own_head = own.head()?;
        let baker = "tz1dyX3B1CFYa2DfdFLyPtiJCfQRUgPVME6E".parse().unwrap();
        let said = ask(&mut other, own_head.level, Some(&baker))?;
        standing(&mut own, &own_head, &mut other, &said)
    }

    #[test]
    fn the_same_block_at_the_lower_head_agrees_up_to_two_levels_away() {
        for head in 998..=1002 {
            assert_eq!(judged(head, u64::MAX), Ok(Standing::Agrees), "{head}");
        }
        assert!(Standing::Agrees.agrees() && !Standing::Agrees.contradicts());
    }

    #[test]
    fn h20_one_that_is_behind_is_no_opinion_and_one_that_is_ahead_contradicts() {
        for by in [3, 10, 100, 999] {
            assert_eq!(judged(1000 - by, u64::MAX), Ok(Standing::Behind { by }));
        }
        for by in [3, 100, 1_000_000] {
            let found = judged(1000 + by, u64::MAX).unwrap();
            assert_eq!(found, Standing::Ahead { by });
            assert!(found.contradicts() && !found.agrees());
        }
    }

    #[test]
    fn h20_another_block_at_an_unsettled_level_is_no_opinion_and_at_a_settled_one_contradicts() {
        assert_eq!(judged(1000, 998), Ok(Standing::Reorganising));
        assert_eq!(judged(1001, 999), Ok(Standing::Reorganising));
        assert!(!Standing::Reorganising.agrees() && !Standing::Reorganising.contradicts());
        assert_eq!(judged(1000, 997), Ok(Standing::Differs { at: level(998) }));
        assert_eq!(judged(1002, 500), Ok(Standing::Differs { at: level(998) }));
        assert_eq!(judged(900, 500), Ok(Standing::Differs { at: level(900) }));
        // Settled is what has two blocks on top at the own node.
        assert_eq!(judged(998, 997), Ok(Standing::Differs { at: level(998) }));
        assert_eq!(judged(999, 998), Ok(Standing::Reorganising));
    }

    #[test]
    fn h2_another_chain_contradicts_whatever_its_level() {
        let found = ChainId::new([1, 2, 3, 4]);
        assert_eq!(on(1000, u64::MAX, found), Ok(Standing::OtherChain { found }));
    }
}
