//! What the run cost: how long nobody signed, what was missed meanwhile, and the price that the plan named.

use crate::clock::Timestamp;
use crate::decision::Step;
use crate::journal::Entry;
use crate::journal::record::{End, Record};
use crate::price::{Known, Price};
use crate::tezos::Mutez;

use super::{planned, words};

/// What it cost.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Cost {
    /// The primary was stopped from here at this time; `None`: when it stopped signing is unknown.
    pub stopped: Option<Timestamp>,
    /// The backup's signature was proven on chain at this time.
    pub resumed: Option<Timestamp>,
    /// Levels above B with rights and no vote, up to the backup's first signature.
    pub unvoted: Option<u64>,
    /// Levels that the baker missed in this cycle, by the node's count.
    pub missed_in_cycle: Option<u64>,
    /// The price, as the plan named it.
    pub price: Option<Price>,
}

impl Cost {
    pub(super) fn of(entries: &[Entry<Record>]) -> Self {
        let stopped = entries.iter().find_map(|entry| match &entry.record {
            Record::Before { step: Step::StopPrimary, .. } => Some(entry.at),
            _ => None,
        });
        let resumed = entries.iter().rev().find_map(|entry| match &entry.record {
            Record::End(End { resumed: Some(resumed), .. }) => Some((entry.at, resumed)),
            _ => None,
        });
        Self {
            stopped,
            resumed: resumed.map(|(at, _)| at),
            unvoted: resumed.and_then(|(_, resumed)| resumed.unvoted),
            missed_in_cycle: resumed.and_then(|(_, resumed)| resumed.missed_levels),
            price: planned(entries).and_then(|plan| plan.price.as_deref().cloned()),
        }
    }

    /// What the blocks of that time would have paid on average, by the plan's rate.
    #[must_use]
    pub fn blocks(&self) -> Option<Mutez> {
        let Known::Known(waiting) = &self.price.as_ref()?.waiting else { return None };
        let lasted = self.resumed?.since(self.stopped?);
        waiting.blocks_a_minute.share(lasted.as_millis(), 60_000)
    }

    /// What is told, each with its name.
    pub(super) fn rows(&self) -> Vec<(&'static str, String)> {
        let unknown = || "unknown".to_owned();
        let lasted = match (self.stopped, self.resumed) {
            (Some(stopped), Some(resumed)) => words::lasting(resumed.since(stopped)),
            (None, Some(_)) => "unknown: the primary was not stopped from here".to_owned(),
            (_, None) => "unknown: no signature of the backup was proven".to_owned(),
        };
        vec![
            ("From the stop to the proof on chain", lasted),
            ("Levels with rights and no vote", self.unvoted.map_or_else(unknown, |n| n.to_string())),
            ("Blocks of that time, on average", self.blocks().map_or_else(unknown, |amount| amount.about())),
            ("Missed in this cycle, all told", self.missed_in_cycle.map_or_else(unknown, |n| format!("{n} levels"))),
        ]
    }

    /// What the plan said of it; where it said nothing, that.
    pub(super) fn as_planned(&self) -> Vec<String> {
        self.price.as_ref().map_or_else(|| vec!["the plan names no price: it is unknown".to_owned()], Price::lines)
    }
}
