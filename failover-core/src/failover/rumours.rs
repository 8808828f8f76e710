//! Rumours are said once each, and never in a flood (S8, H25).

use std::collections::BTreeSet;

use super::{Failover, Record};
use crate::decision::rumours;
use crate::facts::{Facts, Signed};
use crate::journal::JournalError;
use crate::tezos::{Kind, Position};

/// How many are told in one session at most: more of them tell nothing new.
const MOST: usize = 32;

/// What was said.
#[derive(Debug, Default)]
pub(super) struct Told(BTreeSet<(Kind, Position)>);

impl Told {
    /// Those that are new, up to the most that are said.
    fn new_ones(&mut self, seen: Vec<Signed>) -> Vec<Signed> {
        let mut new = Vec::new();
        for signed in seen {
            if self.0.len() < MOST && self.0.insert((signed.kind, signed.at)) {
                new.push(signed);
            }
        }
        new
    }
}

impl Failover {
    /// Writes down what the mempool shows of this baker that nobody has checked.
    pub(super) fn record_rumours(&mut self, facts: &Facts) -> Result<(), JournalError> {
        let seen = rumours(facts, &self.progress).into_iter().map(|rumour| rumour.signed).collect();
        let signed = self.rumours.new_ones(seen);
        if signed.is_empty() { Ok(()) } else { self.record(&Record::Rumour { signed }) }
    }
}
