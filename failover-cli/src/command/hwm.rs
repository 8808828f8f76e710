//! `hwm`: the marks of a device's keys.

use failover_core::signer::{Arming, KeyName, KeyState, Mark, Marks, Model};
use serde::Serialize;

mod cap;
mod raise;
mod show;
mod unlock;

pub(crate) use raise::run as raise;
pub(crate) use show::run as show;

/// One key, as its device shows it now.
#[derive(Serialize)]
#[serde(tag = "record", rename = "key")]
struct KeyRecord<'a> {
    name: &'a KeyName,
    key: String,
    arming: Arming,
    /// `null`: not known, see `unknown`. Never zero for unknown (S3).
    marks: Option<Marks>,
    unknown: Option<&'static str>,
}

impl<'a> From<&'a KeyState> for KeyRecord<'a> {
    fn from(state: &'a KeyState) -> Self {
        let unknown = state.marks.is_none().then_some(match state.arming {
            Arming::Disarmed => "locked",
            Arming::Corrupted => "corrupted",
            Arming::Armed => "not shown",
        });
        Self { name: &state.name, key: state.key.to_string(), arming: state.arming, marks: state.marks, unknown }
    }
}

impl KeyRecord<'_> {
    /// A mark in one cell.
    fn cell(&self, mark: impl Fn(&Marks) -> Mark) -> String {
        match (&self.marks, self.unknown) {
            (Some(marks), _) => mark(marks).to_string(),
            (None, why) => format!("unknown ({})", why.unwrap_or("not shown")),
        }
    }
}

/// Can the device sign with the key? In its own words.
const fn arming(model: Model, arming: Arming) -> &'static str {
    match (model, arming) {
        (_, Arming::Corrupted) => "CORRUPTED",
        (Model::TezSign, Arming::Armed) => "unlocked",
        (Model::TezSign, Arming::Disarmed) => "locked",
        (Model::Ledger, Arming::Armed) => "authorized",
        (Model::Ledger, Arming::Disarmed) => "not authorized",
    }
}
