//! How high a mark may go: the highest agreed fresh head and 100 levels (S4).

use std::fmt;

use failover_core::clock::{Clock, SystemClock};
use failover_core::tezos::Level;
use serde::Serialize;

use crate::args::Raise;
use crate::failure::Failure;
use crate::heads::{self, Verdict};
use crate::output::Output;
use crate::settings::Settings;
use crate::sources;

/// Levels above the head.
const ABOVE: u64 = 100;

/// The cap, and where it comes from.
#[derive(Debug, Serialize)]
#[serde(tag = "record", rename = "cap")]
struct Cap {
    cap: Level,
    head: Level,
    /// The node's name, or that a person typed the head.
    source: String,
}

impl fmt::Display for Cap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Head {} ({}); no mark goes above {}.", self.head, self.source, self.cap)
    }
}

/// Finds the cap, and refuses a level above it before any device is asked anything.
///
/// # Errors
/// No fresh head is known and none was typed, or the level is past the cap.
pub(super) fn find(settings: &Settings, wanted: &Raise, out: &mut Output) -> Result<Level, Failure> {
    let (head, source) = head(settings, wanted, out)?;
    let cap = Cap { cap: head.above(ABOVE), head, source };
    out.show(&cap);
    if wanted.level > cap.cap {
        let message =
            format!("level {} is past the cap {}, {ABOVE} above the head: a digit too many?", wanted.level, cap.cap);
        return Err(Failure::refused(message, "compare the level with `failover level`, digit by digit"));
    }
    Ok(cap.cap)
}

fn head(settings: &Settings, wanted: &Raise, out: &mut Output) -> Result<(Level, String), Failure> {
    let failure = match (from_node(settings), wanted.head) {
        (Ok((level, source)), None) => return Ok((level, source)),
        (Ok((level, source)), Some(typed)) => {
            out.warn(format!("--head {typed} is not used: the head of {source} is fresh, at {level}"));
            return Ok((level, source));
        }
        (Err((failure, true)), Some(typed)) => {
            out.warn(format!("{failure}; --head {typed} stands in for it"));
            return Ok((typed, "typed by the person".to_owned()));
        }
        (Err((failure, _)), _) => failure,
    };
    let next = format!("{}; or type the head that you read elsewhere with --head LEVEL", failure.next);
    Err(Failure { next, ..failure })
}

/// The own node's head. The error says whether a person's word may stand in: not for a node that contradicts it.
fn from_node(settings: &Settings) -> Result<(Level, String), (Failure, bool)> {
    let expected = settings.known().map(|config| config.baker.chain);
    let url = settings.node().map_err(|failure| (failure, true))?;
    let now = SystemClock.now();
    let mut own = sources::open_node(&url).map_err(|error| (error.into(), true))?;
    let seen = heads::look(&mut *own, now, expected);
    let wrong_chain = matches!(&seen.head, Ok((_, Verdict::WrongChain { .. })));
    let head = heads::fresh(&seen).map_err(|failure| (failure, !wrong_chain))?;
    let others = settings.known().map(|config| sources::open_others(&config.chain, &[])).transpose();
    for mut other in others.map_err(|failure| (failure, false))?.unwrap_or_default() {
        // One that does not answer says nothing about the own node.
        if let Ok((theirs, standing)) = heads::hold(&mut *own, head, &mut *other) {
            heads::not_contradicted(head, other.name(), theirs.level, standing).map_err(|failure| (failure, false))?;
        }
    }
    Ok((head.level, seen.source.clone()))
}
