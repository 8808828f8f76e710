//! The plan: what a run would do now, without doing any of it.

use super::Failover;
use crate::chain::Ahead;
use crate::clock::Clock;
use crate::decision::{Policy, Refusal, Verdict, bound, decide, described, fence, floor};
use crate::effect::pays;
use crate::facts::{Facts, Gatherer};
use crate::journal::record::Plan;
use crate::price::{self, Price};
use crate::tezos::{Kind, Level};

/// Why there is no plan.
pub type PlanRefused = Box<Refusal>;

/// Looks once and says what a run would do.
///
/// # Errors
/// A run would be refused before it did anything.
pub(crate) fn plan(failover: &mut Failover) -> Result<Plan, PlanRefused> {
    match failover.look_once() {
        (_, Verdict::Refuse(refusal)) => Err(Box::new(refusal)),
        (facts, _) => planned(failover, &facts),
    }
}

/// The same at the beginning of a run, which looks and refuses by itself.
pub(super) fn of_a_run(failover: &mut Failover) -> Result<Plan, PlanRefused> {
    let facts = failover.look();
    planned(failover, &facts)
}

fn planned(failover: &mut Failover, facts: &Facts) -> Result<Plan, PlanRefused> {
    let Failover { policy, progress, plan, gatherer, clock, hands, .. } = failover;
    if let Verdict::Refuse(refusal) = decide(facts, policy, progress) {
        return Err(Box::new(refusal));
    }
    let fence = fence(facts, policy, progress);
    let (Some(agreed), Ok(activity)) = (facts.chain.agreed(), &facts.chain.activity) else {
        return Err(Box::new(Refusal::NotSynced));
    };
    let (bound, basis) = match progress.kept.noted {
        Some(noted) => (noted.bound, None),
        None => bound(facts, policy, progress).map(|(bound, basis)| (bound, Some(basis)))?,
    };
    let floor = floor(facts, policy, progress, bound, None)?;
    let keys = match &facts.backup.device {
        Ok(device) => crate::decision::signing_keys(facts, &device.value).iter().map(ToString::to_string).collect(),
        Err(_) => Vec::new(),
    };
    Ok(Plan {
        name: policy.name.clone(),
        plan: *plan,
        statement: format!("{}:{plan}", policy.name),
        path: fence.path,
        why: fence.why,
        head: agreed,
        sources: facts.chain.opinions(),
        last_signed: activity.value.all().max_by_key(|s| s.at).cloned(),
        last_of_kind: Kind::ALL
            .iter()
            .filter_map(|kind| activity.value.all().filter(|s| s.kind == *kind).max_by_key(|s| s.at).cloned())
            .collect(),
        bound: Some(bound),
        basis,
        floor,
        keys,
        pending: pending(facts),
        takeover: facts.backup.device.as_ref().ok().and_then(|seen| seen.value.info.ledger?.takeover(policy.chain)),
        pays: hands.primary.as_mut().map(|primary| pays::known(fence.path, &mut **primary)).unwrap_or_default(),
        silent: fence.silence_needed,
        fence: fence.rungs,
        price: price(gatherer, policy, facts, floor, clock).map(Box::new),
    })
}

/// What waiting and signing twice cost: asked here and nowhere else, so that no step of a run waits for it. `None`: the
/// chain's facts are not all known, and the run waits for them anyway.
fn price(gatherer: &mut Gatherer, policy: &Policy, facts: &Facts, floor: Level, clock: &dyn Clock) -> Option<Price> {
    let (Ok(head), Ok(constants), Ok(delegate)) = (&facts.chain.head, &facts.chain.constants, &facts.chain.delegate)
    else {
        return None;
    };
    let (level, hash) = (head.value.level, head.value.hash);
    let last = level.above(price::LEVELS);
    // The floor is 100 levels above the head at most, unless a cap far above was asked for.
    let ahead = Ahead { head: level, hash, votes_to: floor.min(last), blocks_to: last };
    let (node, others) = gatherer.sources();
    let answers = price::ask(node, others, &policy.baker, (&ahead, delegate.value.cycle), clock);
    let now = price::Now {
        at: clock.wall(),
        head_at: head.value.timestamp,
        constants: constants.value,
        left_in_cycle: delegate.value.levels_to_next_cycle,
        ahead,
    };
    Some(Price::of(&answers, &now))
}

/// What changes among the baker's keys, and when.
fn pending(facts: &Facts) -> Vec<String> {
    let Ok(delegate) = &facts.chain.delegate else { return Vec::new() };
    let delegate = &delegate.value;
    let at = |cycle: u64| match cycle.checked_sub(delegate.cycle) {
        Some(1) => format!(", in {} levels", delegate.levels_to_next_cycle.saturating_add(1)),
        _ => format!(", now is cycle {}", delegate.cycle),
    };
    let pending = delegate.keys.iter().filter_map(|key| Some((key, key.from_cycle?)));
    pending.map(|(key, cycle)| format!("{}{}", described(key), at(cycle))).collect()
}
