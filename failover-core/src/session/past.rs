//! An interrupted run, and what it is to be taken up again with.

use thiserror::Error;

use crate::failover::{Parts, PreviousRun};
use crate::tezos::{ChainId, KeyHash};

/// Why an interrupted run is not taken up again with this: it was begun with something else.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PastError {
    /// It is another baker's.
    #[error("the interrupted run is for {baker} on {chain}")]
    OtherBaker {
        /// Its baker.
        baker: KeyHash,
        /// Its chain.
        chain: ChainId,
    },
    /// The primary's signer had a machine of its own, or has one now.
    #[error("the interrupted run was begun with another [primary.signer]")]
    OtherSigner,
    /// It is about another primary: what was stated of one machine says nothing of another.
    #[error("the interrupted run is for the primary {host}")]
    OtherHost {
        /// Its primary's ssh destination.
        host: String,
    },
    /// Permit or plan are those of another run (S13).
    #[error("the permit or the plan is not the interrupted run's")]
    OtherRun,
}

impl PastError {
    /// The next safe action.
    #[must_use]
    pub const fn next(&self) -> &'static str {
        match self {
            Self::OtherBaker { .. } => "use that baker's configuration",
            Self::OtherSigner => "put it back as it was, or run `failover stand-down` and begin again",
            Self::OtherHost { .. } => {
                "put that `host` back into the configuration, or run `failover stand-down` and begin again"
            }
            Self::OtherRun => "take run and plan from the `PreviousRun`",
        }
    }
}

/// Is it about this baker, with its primary and its signer where they were?
pub(super) fn is_about(
    past: &PreviousRun,
    (baker, chain): (KeyHash, ChainId),
    (signer_apart, host): (bool, Option<&String>),
) -> Result<(), PastError> {
    let begun = &past.policy;
    if begun.baker != baker || begun.chain != chain {
        return Err(PastError::OtherBaker { baker: begun.baker, chain: begun.chain });
    }
    if begun.signer_apart != signer_apart {
        return Err(PastError::OtherSigner);
    }
    match begun.host.as_ref().filter(|begun| host != Some(begun)) {
        Some(host) => Err(PastError::OtherHost { host: host.clone() }),
        None => Ok(()),
    }
}

/// The same of parts, whose permit and plan are this run's.
pub(super) fn of_these_parts(past: &PreviousRun, parts: &Parts) -> Result<(), PastError> {
    let Parts { policy, plan, hands, .. } = parts;
    is_about(past, (policy.baker, policy.chain), (policy.signer_apart, policy.host.as_ref()))?;
    // An older version named no run.
    let permit = hands.permit.as_ref().map(|permit| permit.run);
    if past.plan != *plan || (past.run.is_some() && past.run != permit) {
        return Err(PastError::OtherRun);
    }
    Ok(())
}
