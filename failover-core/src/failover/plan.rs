//! The plan: what a run would do now, without doing any of it.

use super::Failover;
use crate::decision::{Refusal, Verdict, decide, fence, floor};
use crate::facts::Facts;
use crate::journal::record::Plan;

/// Why there is no plan.
pub type PlanRefused = Box<Refusal>;

/// Looks once and says what a run would do.
///
/// # Errors
/// A run would be refused before it did anything.
pub fn plan(failover: &mut Failover) -> Result<Plan, PlanRefused> {
    let facts = failover.look();
    let Failover { policy, progress, plan, .. } = failover;
    if let Verdict::Refuse(refusal) = decide(&facts, policy, progress) {
        return Err(Box::new(refusal));
    }
    let fence = fence(&facts, policy, progress);
    let (Some(agreed), Ok(activity)) = (facts.chain.agreed(), &facts.chain.activity) else {
        return Err(Box::new(Refusal::NotSynced));
    };
    let bound = progress.noted.map_or(agreed.above(crate::decision::policy::UNSEEN), |noted| noted.bound);
    let floor = floor(&facts, policy, progress, bound, None)?;
    let keys = match &facts.backup.device {
        Ok(device) => crate::decision::signing_keys(&facts, &device.value).iter().map(ToString::to_string).collect(),
        Err(_) => Vec::new(),
    };
    Ok(Plan {
        name: policy.name.clone(),
        plan: *plan,
        path: fence.path,
        why: fence.why,
        head: agreed,
        sources: facts.chain.opinions(),
        last_signed: activity.value.all().max_by_key(|s| s.at).cloned(),
        floor,
        keys,
        silent: fence.silence_needed,
    })
}

impl Failover {
    /// Looks once, and says what the decision would do next, without doing it: for `check`.
    pub fn look_once(&mut self) -> (Facts, Verdict) {
        let facts = self.look();
        let verdict = decide(&facts, &self.policy, &self.progress);
        (facts, verdict)
    }
}
