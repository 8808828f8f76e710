//! Every signature ever made by either machine, and the alarm when one key signed two different things at one
//! chain, kind, level and round. Identical votes are not punishable and no alarm.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::message::Message;
use failover_core::tezos::{ChainId, KeyHash, Kind, Round};

/// One key's two different signatures at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Whose key.
    pub key: KeyHash,
    /// What.
    pub kind: Kind,
    /// Level.
    pub level: u64,
    /// Round.
    pub round: Round,
    /// The device that signed first.
    pub first: String,
    /// The device that signed again.
    pub second: String,
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, kind, level, round, first, second } = self;
        write!(f, "DOUBLE SIGNATURE: {key} signed two {kind}s at ({level}, {round}): on {first} and on {second}")
    }
}

type Place = (KeyHash, ChainId, Kind, u64, Round);

#[derive(Debug, Default)]
struct Pages {
    signed: BTreeMap<Place, ([u8; 32], String)>,
    alarms: Vec<Alarm>,
    count: usize,
    by_device: BTreeMap<String, usize>,
}

/// The book. Clones share the same pages.
#[derive(Debug, Clone, Default)]
pub struct SignatureBook(Arc<Mutex<Pages>>);

impl SignatureBook {
    /// Writes down that `device` signed `message` with `key`.
    pub fn record(&self, device: &str, key: KeyHash, message: &Message) {
        let Message { chain, kind, level, round, content } = *message;
        let mut pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pages.count += 1;
        *pages.by_device.entry(device.to_owned()).or_default() += 1;
        match pages.signed.get(&(key, chain, kind, level, round)).cloned() {
            Some((before, first)) if before != content => {
                pages.alarms.push(Alarm { key, kind, level, round, first, second: device.to_owned() });
            }
            Some(_) => {}
            None => {
                pages.signed.insert((key, chain, kind, level, round), (content, device.to_owned()));
            }
        }
    }

    /// Every double signature so far.
    #[must_use]
    pub fn alarms(&self) -> Vec<Alarm> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).alarms.clone()
    }

    /// How many signatures each device made, by its name.
    #[must_use]
    pub fn by_device(&self) -> BTreeMap<String, usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).by_device.clone()
    }

    /// The highest level that a device signed, and was the first to, by its name.
    #[must_use]
    pub fn highest(&self, device: &str) -> Option<u64> {
        let pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pages.signed.iter().filter(|(_, (_, by))| by == device).map(|((_, _, _, level, _), _)| *level).max()
    }

    /// How many signatures were made.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).count
    }
}
