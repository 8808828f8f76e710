//! Rights to come: which blocks and votes of the next levels are a baker's. Information only; nothing is decided by it.

use crate::tezos::{BlockHash, Level, Position};

/// The levels whose rights are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ahead {
    /// The head: rights of the levels above it.
    pub head: Level,
    /// Its hash. A node that has rights answers as this block sees them.
    pub hash: BlockHash,
    /// The last level whose votes are asked for: before all bakers attest, a node draws 7000 slots for each.
    pub votes_to: Level,
    /// The last level whose blocks are asked for.
    pub blocks_to: Level,
}

impl Ahead {
    /// Rounds above this one are not asked for: they are rarely reached.
    pub const MAX_ROUND: u32 = 2;

    /// Is a level among those whose blocks are asked for?
    pub(super) fn has_block(&self, level: Level) -> bool {
        self.head < level && level <= self.blocks_to
    }

    /// Is a level among those whose votes are asked for?
    pub(super) fn has_vote(&self, level: Level) -> bool {
        self.head < level && level <= self.votes_to
    }
}

/// The rights of one baker. A level that is not in it is not the baker's: a source that cannot say so answers with an
/// error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    /// Blocks, with the round in which they are the baker's, up to [`Ahead::MAX_ROUND`].
    pub blocks: Vec<Position>,
    /// Levels that it may vote for.
    pub votes: Vec<Level>,
    /// Do all bakers attest every block there (protocol 024 and later)? `None` where the source does not say.
    pub all_bakers_attest: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tezos::BlockHash;

    #[test]
    fn levels_above_the_head_and_up_to_the_last_one() {
        let level = |n| Level::new(n).unwrap();
        let ahead =
            Ahead { head: level(100), hash: BlockHash::new([7; 32]), votes_to: level(102), blocks_to: level(104) };
        let those = |has: &dyn Fn(Level) -> bool| (98..=106).filter(|n| has(level(*n))).collect::<Vec<u64>>();
        assert_eq!(those(&|level| ahead.has_block(level)), [101, 102, 103, 104]);
        assert_eq!(those(&|level| ahead.has_vote(level)), [101, 102]);
    }
}
