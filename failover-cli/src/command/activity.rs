//! `activity`: what a baker signed lately, by kind, as the chain shows it.

use std::fmt;

use failover_core::chain::{LevelActivity, Signed};
use failover_core::clock::{Clock, SystemClock};
use failover_core::session::open;
use failover_core::tezos::{KeyHash, Kind, Level, Position};
use serde::Serialize;

use crate::args::Activity;
use crate::failure::Failure;
use crate::heads;
use crate::output::{End, Output};
use crate::settings::Settings;

/// One level.
#[derive(Serialize)]
#[serde(tag = "record", rename = "activity")]
struct Row<'a> {
    level: Level,
    rights: bool,
    signed: &'a [Signed],
}

impl fmt::Display for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>12}  ", self.level.grouped())?;
        match (self.signed, self.rights) {
            ([], true) => f.write_str("nothing, and it had the right to attest"),
            ([], false) => f.write_str("nothing, and it had no right to"),
            (signed, _) => {
                let each = signed.iter().map(|s| format!("{} round {} ({})", s.kind, s.at.round, s.seen_in));
                f.write_str(&each.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// The last signature of a kind in the range.
#[derive(Serialize)]
#[serde(tag = "record", rename = "last")]
struct Last {
    kind: Kind,
    at: Option<Position>,
    /// The range that was read: `at` null says nothing about earlier levels.
    from: Level,
    to: Level,
}

impl fmt::Display for Last {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(at) => write!(f, "Last {:<15} {at:#}", self.kind),
            None => write!(f, "Last {:<15} none in these levels; earlier ones were not read", self.kind),
        }
    }
}

/// Reads the levels below the head, oldest first.
///
/// # Errors
/// No baker or node is named, or a level cannot be read completely.
pub(crate) fn run(settings: &Settings, wanted: &Activity, out: &mut Output) -> Result<End, Failure> {
    let configured = settings.known().map(|config| config.baker.address);
    let baker: KeyHash = wanted
        .baker
        .or(configured)
        .ok_or_else(|| Failure::usage("no baker is named", "give its address, or write a configuration"))?;
    let mut node = open::node(&settings.node()?);
    let expected = settings.known().map(|config| config.baker.chain);
    let seen = heads::look(&mut *node, SystemClock.now(), expected);
    let head = heads::fresh(&seen)?.clone();
    // The votes for a level are in the next block: the newest block's own level is not there yet.
    let too_new =
        || Failure::refused(format!("the chain is at level {:#}: nothing to read yet", head.level), "wait for a block");
    let to = head.level.below(1).ok_or_else(too_new)?;
    let from = to.below(wanted.levels - 1).unwrap_or(Level::FIRST);
    out.line(format!("{baker}, levels {from:#} to {to:#}"));
    let mut last: [Option<Position>; 3] = [None; 3];
    let mut note = |signed: &[Signed]| {
        for (place, kind) in last.iter_mut().zip(Kind::ALL) {
            *place = signed.iter().filter(|s| s.kind == kind).map(|s| s.at).chain(*place).max();
        }
    };
    for level in from.to(to) {
        let LevelActivity { level, rights, signed } = node.activity(&baker, level)?;
        note(&signed);
        out.show(&Row { level, rights, signed: &signed });
    }
    note(&node.newest(&baker, &head)?);
    for (at, kind) in last.into_iter().zip(Kind::ALL) {
        out.show(&Last { kind, at, from, to: head.level });
    }
    Ok(End::done("nothing needs to be done; that no signature is shown does not prove that a machine is off"))
}
