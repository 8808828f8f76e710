//! Foreign positions: signed by this baker above B, and not by the backup's device (S8).

use super::former;
use super::progress::Progress;
use crate::facts::{Arming, Delegate, DeviceState, Fact, Facts, KeyRole, Marks, Signed, watermark};

/// What was seen above B, sorted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Foreign {
    /// Signed by another device, without doubt.
    pub certain: Vec<Signed>,
    /// Perhaps the backup's own: its marks are not known now.
    pub undecided: Vec<Signed>,
}

/// Sorts everything seen above B.
#[must_use]
pub fn foreign(facts: &Facts, progress: &Progress) -> Foreign {
    let mut result = Foreign::default();
    let Some(noted) = progress.kept.noted else { return result };
    // Two different votes for one position are two signers, or one that must be stopped, whatever the marks say.
    result.certain.extend(facts.chain.pool.conflicts.iter().filter(|s| s.at.level > noted.bound).cloned());
    // Marks of an earlier reading say nothing of what was signed since.
    let now = consensus_marks(facts);
    for signed in facts.chain.seen().filter(|s| s.at.level > noted.bound) {
        match whose(signed, facts, progress, now) {
            Whose::Ours => {}
            Whose::Foreign => result.certain.push(signed.clone()),
            Whose::Undecided => result.undecided.push(signed.clone()),
        }
    }
    result
}

/// What the backup's device signed, or may have, and another machine may have signed too: where one is foreign, the
/// others cannot be told apart. What is on no chain and in no mempool is not among them.
#[must_use]
pub fn shared(facts: &Facts, progress: &Progress) -> Vec<Signed> {
    let (Some(noted), now) = (progress.kept.noted, consensus_marks(facts)) else { return Vec::new() };
    let above = facts.chain.seen().filter(|s| s.at.level > noted.bound);
    let mut shared: Vec<Signed> =
        above.filter(|s| !matches!(whose(s, facts, progress, now), Whose::Foreign)).cloned().collect();
    shared.sort_by_key(|s| (s.at, s.kind));
    shared.dedup_by_key(|s| (s.at, s.kind));
    shared
}

pub(super) enum Whose {
    Ours,
    Foreign,
    Undecided,
}

/// Who signed this position: the backup's device can only have signed between the marks it was started with and those
/// that it had afterwards.
pub(super) fn whose(signed: &Signed, facts: &Facts, progress: &Progress, now: Option<Marks>) -> Whose {
    let Ok(device) = &facts.backup.device else {
        return if progress.kept.started.is_some() { Whose::Undecided } else { Whose::Foreign };
    };
    let model = device.value.info.model;
    let between = |set: &Marks, now: &Marks| {
        watermark::could_have_signed(model, set.of(signed.kind), now.of(signed.kind), signed.kind, signed.at)
    };
    if progress.kept.earlier.iter().any(|(set, then)| between(set, then)) {
        return Whose::Ours;
    }
    let former = former::marks(facts, progress, &device.value);
    if let Some(started) = progress.kept.started
        && former.iter().any(|then| between(&started.marks, then))
    {
        return Whose::Ours;
    }
    match (progress.kept.started, now) {
        (None, _) => Whose::Foreign,
        (Some(started), Some(now)) if between(&former::set(&started, &former), &now) => Whose::Ours,
        (Some(_), Some(_)) => Whose::Foreign,
        (Some(started), None) if signed.at.level < started.floor => Whose::Foreign,
        (Some(_), None) => Whose::Undecided,
    }
}

/// The marks that the device shows now for the baker's active consensus key.
#[must_use]
pub fn consensus_marks(facts: &Facts) -> Option<Marks> {
    consensus_marks_of(&facts.chain.delegate, &facts.backup.device)
}

/// The same, of these two.
#[must_use]
pub fn consensus_marks_of(delegate: &Fact<Delegate>, device: &Fact<DeviceState>) -> Option<Marks> {
    let delegate = &delegate.as_ref().ok()?.value;
    let device = &device.as_ref().ok()?.value;
    let active = delegate.keys.iter().find(|k| k.role == KeyRole::Consensus && k.from_cycle.is_none())?;
    device.key(&active.key).filter(|k| k.arming != Arming::Corrupted)?.marks
}
