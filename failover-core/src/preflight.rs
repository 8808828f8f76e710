//! Before the primary is touched: one function for `check`, the plan and `run`, so that what a run would refuse is said by
//! a look (S17).
//!
//! What the chain and the device show is the decision's ([`decide`](crate::decision::decide)). Here is what lies around
//! it: the state folder, the locks, the guard's token, what the start needs, whether what is stopped can be read back,
//! and whether there is anybody to give the answers that the run will need. A session asks
//! it, whatever its caller asked before.

use crate::baker::{Depth, in_one_look};
use crate::decision::{Policy, Refusal};
use crate::effect::Hands;
use crate::facts::{BakerState, Delegate, Facts, Unknown};
use crate::lock::FileLock;
use crate::state::{PlanId, StateDir};

mod person;
mod start;
mod state;

pub(crate) use person::answers;
pub(crate) use state::unusable;
pub use state::{no_duplicate, no_other_run};

/// What a preflight is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A look that does nothing: `check`, the plan. It needs no lock.
    Look,
    /// A run, new or taken up again.
    Run,
    /// A `return`: it looks after the run that took the primary's job away, whether that is over or not.
    Return,
}

/// What needs no look at the world: a latched duplicate, another run that is not over (`own` is the plan of the run that
/// is taken up again), room in the state folder, this machine's lock and a permit for this baker, one token for guard and
/// services. Asked before a run writes its first record.
///
/// # Errors
/// The first that is not as it must be.
pub fn standing(
    state: &StateDir,
    hands: &mut Hands,
    policy: &Policy,
    own: Option<PlanId>,
    purpose: Purpose,
) -> Result<(), Refusal> {
    no_duplicate(state)?;
    if purpose != Purpose::Return {
        no_other_run(state, own)?;
        state::room(state)?;
    }
    if purpose != Purpose::Look {
        locked(hands, policy)?;
    }
    one_token(hands)
}

/// The permit is one for this baker, and the lock is held that every other run for it on the machine of the permit takes (S7,
/// S13): a lock elsewhere excludes nobody.
fn locked(hands: &Hands, policy: &Policy) -> Result<(), Refusal> {
    let (chain, baker) = (policy.chain, policy.baker);
    if hands.locks.is_empty() {
        return Err(Refusal::NoLock);
    }
    let permit = |why: String| not_ready("the permit of this run", why, "give the run a permit of its own baker");
    let own = hands.permit.as_ref().ok_or_else(|| permit("it has none".to_owned()))?;
    let root = own.permits.root();
    if own.permits != root.of(chain, baker) {
        return Err(permit(format!("it is for {}, and the run for {baker} on {chain}", own.permits.baker())));
    }
    let path = FileLock::path_under(root, chain, baker);
    match hands.locks.iter().any(|lock| lock.file() == Some(&path)) {
        true => Ok(()),
        false => Err(Refusal::NoLock),
    }
}

/// The token that the services here look for is the one that the guard takes away (S1a).
fn one_token(hands: &mut Hands) -> Result<(), Refusal> {
    let guard = hands.guard.token();
    match hands.backup.guard_token() {
        Some(token) if token != guard => Err(not_ready(
            "the guard of this machine",
            format!("its services look for {}, and the guard's token is {}", token.display(), guard.display()),
            "give both the same state folder",
        )),
        _ => Ok(()),
    }
}

/// What one look at the world adds: what the start needs, and that what runs on the primary could be read back as
/// stopped. Before the first step; nothing is changed.
///
/// # Errors
/// The first that is not as it must be, or is not known (S3).
pub fn machines(facts: &Facts, policy: &Policy, hands: &mut Hands) -> Result<(), Refusal> {
    let delegate = facts.chain.delegate.as_ref().ok().map(|seen| &seen.value);
    start::ready(delegate, &mut *hands.backup)?;
    let runs = matches!(&facts.primary.services, Ok(seen) if matches!(seen.value, BakerState::Running { .. }));
    let Some(primary) = hands.primary.as_mut().filter(|_| runs && !policy.emergency) else { return Ok(()) };
    in_one_look(&mut **primary, Depth::Services, |primary| primary.reads_back()).map_err(|error| {
        not_ready(
            "reading back what runs on the primary",
            error.to_string(),
            "correct it there; or unplug the primary's signer and run again with --emergency",
        )
    })
}

fn not_ready(what: &str, why: String, next: &str) -> Refusal {
    Refusal::NotReady { what: what.to_owned(), unknown: Unknown { why, next: next.to_owned() } }
}

/// Every key that the chain expects of a baker, in words, where `known` does not have it.
fn strangers(delegate: &Delegate, known: &[crate::tezos::KeyHash]) -> Vec<String> {
    let missing = delegate.keys.iter().filter(|expected| !known.contains(&expected.key));
    missing.map(crate::decision::described).collect()
}
