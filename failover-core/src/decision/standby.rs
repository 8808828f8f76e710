//! To which level a machine that becomes the backup raises its marks.

use super::floor::{cap, floor};
use super::policy::Policy;
use super::prepare::signing_keys;
use super::progress::Progress;
use super::refusal::Refusal;
use super::{WaitFor, gate, policy};
use crate::facts::{Facts, KeyName, Unknown};
use crate::tezos::Level;

/// The marks of a machine that becomes the backup.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StandbyMarks {
    /// The keys, by their names on its device; a Ledger has one mark for all of its keys.
    pub keys: Vec<KeyName>,
    /// Above everything seen.
    pub level: Level,
    /// No mark goes past this (S4).
    pub cap: Level,
}

/// Above everything that is seen, with the usual margin: the other machine bakes, so this is no floor for a start. Every
/// run raises them again.
///
/// # Errors
/// The chain is not known or not agreed on, or the device has not the keys that the chain expects.
pub fn standby_marks(facts: &Facts, policy: &Policy) -> Result<StandbyMarks, Refusal> {
    let progress = Progress::default();
    gate::chain(facts, policy, &progress).map_err(|closed| match closed {
        gate::Closed::Refuse(refusal) => refusal,
        gate::Closed::Wait(waiting) => Refusal::Unknown { what: "a fresh head".to_owned(), unknown: slow(waiting.why) },
    })?;
    let not_ready =
        |unknown: &Unknown| Refusal::NotReady { what: "this machine's signer".to_owned(), unknown: unknown.clone() };
    let device = &facts.backup.device.as_ref().map_err(not_ready)?.value;
    if let Ok(delegate) = &facts.chain.delegate {
        gate::keys(&delegate.value, device, policy)?;
    }
    let agreed = facts.chain.agreed().ok_or(Refusal::NotSynced)?;
    let level = floor(facts, policy, &progress, agreed, None)?;
    Ok(StandbyMarks { keys: signing_keys(facts, device), level, cap: cap(policy, agreed) })
}

fn slow(why: WaitFor) -> Unknown {
    let why = match why {
        WaitFor::Known { what } => what,
        _ => format!("the head is older than {} s", policy::FRESH.as_secs()),
    };
    Unknown { why, next: "wait for the next block, then run again".to_owned() }
}
