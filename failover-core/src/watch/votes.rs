//! PURE: levels in which the baker had rights, and signed or did not. Settled levels only: absence counts late (S8).

use crate::facts::LevelActivity;
use crate::tezos::Level;

/// What a level has to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vote {
    /// Nothing was signed, so many times in a row. Worth a word at the 1st, 2nd, 5th, 10th, 20th and so on.
    Missed {
        /// The level.
        level: Level,
        /// This many in a row.
        in_a_row: u64,
    },
    /// Signed again, after so many that were missed.
    Signs {
        /// The level.
        level: Level,
        /// After so many.
        after: u64,
    },
}

/// The count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VoteCount {
    last: Option<Level>,
    /// Missed in a row, up to now.
    pub in_a_row: u64,
    /// Settled levels that were read completely.
    pub levels: u64,
    /// Of these, levels with rights.
    pub with_rights: u64,
    /// Of these, levels in which nothing was signed.
    pub missed: u64,
}

impl VoteCount {
    /// Counts one settled level, each once and in order, and gives what is worth a word. `also`: a count at which a word
    /// is wanted in any case.
    pub fn count(&mut self, level: &LevelActivity, also: u64) -> Option<Vote> {
        if self.last.is_some_and(|last| level.level <= last) {
            return None;
        }
        self.last = Some(level.level);
        self.levels = self.levels.saturating_add(1);
        let signed = !level.signed.is_empty();
        if !level.rights && !signed {
            return None;
        }
        self.with_rights = self.with_rights.saturating_add(1);
        if signed {
            let after = std::mem::take(&mut self.in_a_row);
            return (after > 0).then_some(Vote::Signs { level: level.level, after });
        }
        self.missed = self.missed.saturating_add(1);
        self.in_a_row = self.in_a_row.saturating_add(1);
        let in_a_row = self.in_a_row;
        (is_round(in_a_row) || in_a_row == also).then_some(Vote::Missed { level: level.level, in_a_row })
    }
}

/// 1, 2, 5, 10, 20, 50, 100 and so on.
fn is_round(mut count: u64) -> bool {
    while count >= 10 && count.is_multiple_of(10) {
        count /= 10;
    }
    matches!(count, 1 | 2 | 5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Signed;
    use crate::tezos::{Kind, Position};

    fn level(number: u64, rights: bool, signed: bool) -> LevelActivity {
        let level = Level::new(number).unwrap();
        let signed =
            signed.then(|| Signed { kind: Kind::Attestation, at: Position::start_of(level), seen_in: String::new() });
        LevelActivity { level, rights, signed: signed.into_iter().collect() }
    }

    #[test]
    fn missed_levels_are_counted_in_a_row_and_said_ever_more_seldom() {
        let mut votes = VoteCount::default();
        let mut said = Vec::new();
        for number in 1..=200 {
            // Levels without rights say nothing, and end no row.
            votes.count(&level(number * 2, false, false), 7);
            if let Some(Vote::Missed { in_a_row, .. }) = votes.count(&level(number * 2 + 1, true, false), 7) {
                said.push(in_a_row);
            }
        }
        assert_eq!(said, [1, 2, 5, 7, 10, 20, 50, 100, 200]);
        let again = level(500, true, true);
        assert_eq!(votes.count(&again, 7), Some(Vote::Signs { level: again.level, after: 200 }));
        assert_eq!(votes.count(&again, 7), None);
        assert_eq!((votes.in_a_row, votes.missed, votes.with_rights, votes.levels), (0, 200, 201, 401));
        assert_eq!(votes.count(&level(501, true, true), 7), None, "nothing was missed before it");
        // A level that was counted is not counted again.
        assert_eq!(votes.count(&level(499, true, false), 7), None);
        assert_eq!(votes.missed, 200);
    }
}
