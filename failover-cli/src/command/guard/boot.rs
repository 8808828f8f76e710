//! The boot guard on the screen and as a record.

use std::fmt;

use failover_core::baker::BakerError;
use failover_core::guard::{BootGuard, GuardNote};
use serde::Serialize;

/// What was read of the units: `state` is `holds`, `open`, `unknown`, or `none` where there are no units.
#[derive(Serialize)]
#[serde(tag = "record", rename = "boot-guard")]
pub(super) struct BootRecord {
    state: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    units: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<GuardNote>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    why: Vec<String>,
}

impl BootRecord {
    pub(super) fn of(found: &Result<BootGuard, BakerError>) -> Self {
        let (state, units, note, why) = match found {
            Ok(BootGuard::Holds { units, note }) => ("holds", units.clone(), Some(note.clone()), Vec::new()),
            Ok(BootGuard::Open { why }) => ("open", Vec::new(), None, why.clone()),
            Err(error @ BakerError::NoUnits { .. }) => ("none", Vec::new(), None, vec![error.to_string()]),
            Err(error) => ("unknown", Vec::new(), None, vec![error.to_string()]),
        };
        Self { state, units, note, why }
    }
}

impl fmt::Display for BootRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { state, units, note, why } = self;
        match *state {
            "holds" => writeln!(f, "None of its services can start: {}", units.join(", "))?,
            "open" => writeln!(f, "Not all of its services are kept from starting:")?,
            "none" => writeln!(f, "The token alone guards it: its start command has to ask `failover guard check`.")?,
            _ => writeln!(f, "Whether its services can start is not known:")?,
        }
        if let Some(note) = note {
            writeln!(f, "    {note}")?;
        }
        why.iter().try_for_each(|why| writeln!(f, "    {why}"))
    }
}
