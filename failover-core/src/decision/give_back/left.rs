//! Where every mark was left: each reading follows from the one before, or there is a gap in which something was signed.

use std::collections::BTreeMap;

use crate::facts::{Account, Deed, KeyName, Mark, Marks, reached};
use crate::tezos::{Level, Position};

/// What the marks of one key can be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Can {
    /// Anything up to B: nothing here has read or set them yet.
    untouched: bool,
    /// One of these: more than one where a raise was tried and its end is not known.
    one_of: Vec<Marks>,
}

/// What the marks of every key can be, where nothing was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Left {
    /// The lowest B on record; `None`: no run noted one, so that nothing is known of an untouched key.
    bound: Option<Level>,
    keys: BTreeMap<KeyName, Can>,
}

impl Left {
    /// Why these marks are not what was left; `None`: they are.
    pub(super) fn gap(&self, key: &KeyName, found: &Marks) -> Option<String> {
        let can = self.can(key);
        if can.one_of.contains(found) {
            return None;
        }
        let below = |bound: Level| found.highest().0.is_none_or(|at| at.level <= bound);
        match (self.bound, can.untouched) {
            (Some(bound), true) if below(bound) => None,
            (Some(bound), true) => Some(format!(
                "the marks of the key {key} are at {found:#}, above {bound:#}, the highest level that the primary may have signed"
            )),
            (None, true) => {
                Some(format!("no recorded run says up to which level the primary may have signed with the key {key}"))
            }
            (_, false) => {
                let left: Vec<String> = can.one_of.iter().map(|marks| format!("{marks:#}")).collect();
                Some(format!("the marks of the key {key} are at {found:#}, and were left at {}", left.join(" or ")))
            }
        }
    }

    fn can(&self, key: &KeyName) -> Can {
        self.keys.get(key).cloned().unwrap_or(Can { untouched: true, one_of: Vec::new() })
    }

    fn set(&mut self, key: &KeyName, can: Can) {
        self.keys.insert(key.clone(), can);
    }

    /// A raise whose end is not known: the marks are what they were, or at the level that was ordered.
    fn tried(&mut self, key: &KeyName, level: Level) {
        let mut can = self.can(key);
        let ordered = |level: Level| Marks::all(Mark::at(Position::start_of(level)));
        let mut orders: Vec<Marks> = can
            .one_of
            .iter()
            .filter(|marks| !reached(marks, level))
            .map(|marks| ordered(marks.highest().0.map_or(level, |at| level.max(at.level.above(1)))))
            .collect();
        // What is untouched is at most at B, and every floor is above that.
        if can.untouched {
            orders.push(ordered(level));
        }
        for marks in orders {
            if !can.one_of.contains(&marks) {
                can.one_of.push(marks);
            }
        }
        self.set(key, can);
    }
}

/// Goes through the account.
///
/// # Errors
/// Every gap, in words.
pub(super) fn left(account: &Account) -> Result<Left, Vec<String>> {
    let noted = account.deeds.iter().filter_map(|deed| match deed {
        Deed::Bound { level } => Some(*level),
        _ => None,
    });
    let mut left = Left { bound: noted.min(), keys: BTreeMap::new() };
    for (key, marks) in &account.left {
        left.set(key, Can { untouched: false, one_of: vec![*marks] });
    }
    let mut gaps = Vec::new();
    for deed in &account.deeds {
        match deed {
            Deed::Marks { key, before, after } => {
                gaps.extend(left.gap(key, before));
                left.set(key, Can { untouched: false, one_of: vec![*after] });
            }
            Deed::Tried { keys, level } => keys.iter().for_each(|key| left.tried(key, *level)),
            _ => {}
        }
    }
    if gaps.is_empty() { Ok(left) } else { Err(gaps) }
}
