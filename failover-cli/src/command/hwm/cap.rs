//! How high a mark may go: the highest agreed fresh head and 100 levels (S4).

use std::fmt;

use failover_core::clock::{Clock, SystemClock};
use failover_core::decision::policy::CAP;
use failover_core::decision::{Refusal, pin_allows};
use failover_core::signer;
use failover_core::tezos::Level;
use serde::Serialize;

use crate::args::Raise;
use crate::failure::Failure;
use crate::heads;
use crate::output::Output;
use crate::settings::Settings;

/// The cap, and where it comes from.
#[derive(Debug, Serialize)]
#[serde(tag = "record", rename = "cap")]
struct Cap {
    cap: signer::Cap,
    head: Level,
    /// The node's name, or that a person typed the head.
    source: String,
}

impl fmt::Display for Cap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Head {:#} ({}); no mark goes above {:#}.", self.head, self.source, self.cap)
    }
}

/// Finds the cap, and refuses a level above it before any device is asked anything.
///
/// # Errors
/// No fresh head is known and none was typed, or the level is past the cap.
pub(super) fn find(settings: &Settings, wanted: &Raise, out: &mut Output) -> Result<signer::Cap, Failure> {
    let (head, source) = head(settings, wanted, out)?;
    let cap = Cap { cap: signer::Cap::above(head, CAP), head, source };
    out.show(&cap);
    if wanted.level > cap.cap.level() {
        let message =
            format!("level {:#} is past the cap {:#}, {CAP} above the head: a digit too many?", wanted.level, cap.cap);
        return Err(Failure::refused(message, "compare the level with `failover level`, digit by digit"));
    }
    Ok(cap.cap)
}

fn head(settings: &Settings, wanted: &Raise, out: &mut Output) -> Result<(Level, String), Failure> {
    let failure = match (agreed(settings), wanted.head) {
        (Ok((level, source)), None) => return Ok((level, source)),
        (Ok((level, source)), Some(typed)) => {
            out.warn(format!("--head {typed:#} is not used: the head of {source} is fresh, at {level:#}"));
            return Ok((level, source));
        }
        (Err(Missing { failure, typed: Some(highest) }), Some(typed)) => {
            let head = typed.min(highest.unwrap_or(typed));
            within_the_pin(settings, head)?;
            out.warn(format!("{failure}; --head {typed:#} stands in for it"));
            return Ok((head, "typed by the person".to_owned()));
        }
        // The node contradicts whatever was typed: that leads nowhere.
        (Err(Missing { failure, typed: None }), _) => return Err(failure),
        (Err(Missing { failure, .. }), None) => failure,
    };
    let next = format!("{}; or type the head that you read elsewhere with --head LEVEL", failure.next);
    Err(Failure { next, ..failure })
}

/// Why there is no agreed head.
struct Missing {
    failure: Failure,
    /// May a person's word stand in, and up to which level? Not for a node that contradicts it; and where the own node's
    /// head is only not confirmed, no higher than that.
    typed: Option<Option<Level>>,
}

/// The head that the decision's gate lets through.
fn agreed(settings: &Settings) -> Result<(Level, String), Missing> {
    let seen = heads::everybody(settings).map_err(|failure| Missing { failure, typed: Some(None) })?;
    match seen.agreed() {
        Ok(level) => Ok((level, seen.own)),
        Err(refusal) => {
            let typed = match &refusal {
                Refusal::WrongChain { .. } | Refusal::Contradicted { .. } | Refusal::NodeBehind { .. } => None,
                Refusal::Alone { level, .. } | Refusal::HeadUnbounded { level, .. } => Some(Some(*level)),
                _ => Some(None),
            };
            Err(Missing { failure: heads::refused(&refusal), typed })
        }
    }
}

/// A typed head is bounded by the clock as a node's is.
fn within_the_pin(settings: &Settings, typed: Level) -> Result<(), Failure> {
    let Some(pin) = heads::pinned(settings) else { return Ok(()) };
    let highest = pin_allows(&pin, SystemClock.now());
    if typed > highest {
        let message =
            format!("--head {typed:#}: since the pinned head {:#} there was time for {highest:#} at most", pin.level);
        return Err(Failure::refused(message, "compare the level with an explorer, digit by digit"));
    }
    Ok(())
}
