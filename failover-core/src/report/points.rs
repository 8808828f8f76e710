//! The points of the picture.

use std::collections::{BTreeMap, BTreeSet};

use crate::decision::Basis;
use crate::facts::Signed;
use crate::tezos::{Kind, Level};

use super::Levels;

/// How many levels are drawn of positions that are in the way; the timeline names them all.
const SHOWN: usize = 2;

/// Whose a point of the picture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PointOf {
    /// The chain's own.
    Chain,
    /// The primary's.
    Primary,
    /// The backup's.
    Backup,
    /// Another machine's than the backup, in the way.
    Foreign,
}

/// A point of the picture.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Point {
    /// Where.
    pub level: Level,
    /// Whose.
    pub whose: PointOf,
    /// In a few words.
    pub short: &'static str,
    /// In a sentence.
    pub what: String,
}

impl Levels {
    /// The picture's points, the lowest level first. What is not known has none.
    #[must_use]
    pub fn points(&self) -> Vec<Point> {
        let mut points = self.seen_before();
        points.extend(self.noted());
        let mut danger = |signed: &[Signed], short, words: &str| {
            points.extend(lowest(signed).map(|signed| {
                let what = format!("{words}: {} {:#}, seen in {}", signed.kind, signed.at, signed.seen_in);
                Point { level: signed.at.level, whose: PointOf::Foreign, short, what }
            }));
        };
        danger(&self.shared, "signed twice?", "the backup signed it, or may have, and the other machine too");
        danger(&self.still, "it still signs", "THE PRIMARY STILL SIGNED");
        danger(&self.foreign, "another machine", "ANOTHER MACHINE signed");
        points.extend(self.last_head.map(|level| {
            let what = "the last head that the run wrote down".to_owned();
            Point { level, whose: PointOf::Chain, short: "last head", what }
        }));
        points.sort_by_key(|point| point.level);
        points
    }

    /// What the primary was seen to sign, level by level.
    fn seen_before(&self) -> Vec<Point> {
        let mut levels: BTreeMap<Level, Vec<Kind>> = BTreeMap::new();
        for signed in &self.primary {
            levels.entry(signed.at.level).or_default().push(signed.kind);
        }
        let point = |(level, kinds): (Level, Vec<Kind>)| {
            let short = match (kinds.contains(&Kind::Block), kinds.len()) {
                (true, 1) => "last block seen",
                (true, _) => "last signatures seen",
                (false, _) => "last votes seen",
            };
            let kinds = kinds.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let what = format!("the primary's last {kinds} that was seen before the run");
            Point { level, whose: PointOf::Primary, short, what }
        };
        levels.into_iter().map(point).collect()
    }

    /// h, B, F, and where the backup begins.
    fn noted(&self) -> impl Iterator<Item = Point> {
        let head = self.head.map(|level| {
            let what = "h: the head when the primary was stopped, or said to be off".to_owned();
            Point { level, whose: PointOf::Chain, short: "h: head noted", what }
        });
        let bound = self.bound.map(|level| {
            let exact = matches!(self.basis, Some(Basis::Marks { .. }));
            let short = if exact { "B: signed, exact" } else { "B: signed at most" };
            let why =
                self.basis.as_ref().map_or_else(|| "the journal does not say why".to_owned(), ToString::to_string);
            let what = format!("B: the highest level that the primary may have signed ({why})");
            Point { level, whose: PointOf::Primary, short, what }
        });
        let floor = self.floor.map(|level| {
            let what = "F: the floor; every mark of the backup was read back here or above".to_owned();
            Point { level, whose: PointOf::Backup, short: "F: the floor", what }
        });
        let backup = self.backup.as_ref().map(|first| {
            let what = format!("the backup's first signature on chain: {} {:#}", first.kind, first.at);
            Point { level: first.at.level, whose: PointOf::Backup, short: "backup signs", what }
        });
        [head, bound, floor, backup].into_iter().flatten()
    }
}

/// Those at the lowest levels, as many as are drawn.
fn lowest(signed: &[Signed]) -> impl Iterator<Item = &Signed> {
    let levels: BTreeSet<Level> = signed.iter().map(|signed| signed.at.level).collect();
    let last = levels.into_iter().take(SHOWN).next_back();
    signed.iter().filter(move |signed| Some(signed.at.level) <= last)
}
