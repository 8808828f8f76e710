//! What a session sees, taken into its progress: nothing of it survives a crash.

use super::gate;
use super::policy::{CLOCKS_APART, LEAP, TRIES};
use super::progress::{FoundUnlocked, Missed, Progress};
use super::unproven::signed_since;
use crate::facts::{Arming, BakerState, Delegate, DeviceState, Facts, Marks, Power};
use crate::tezos::Level;

impl Progress {
    /// Takes in what this session sees; nothing of it survives a crash. `true`: the wall clock moved differently from
    /// the steady one since the last look, and everything is counted anew (S15, H41).
    pub fn observe(&mut self, facts: &Facts, consensus: Option<Marks>) -> bool {
        let moved = self.session.looked.is_some_and(|(now, wall)| {
            let (steady, shown) = (facts.now.millis() - now.millis(), facts.asked.wall.millis() - wall.millis());
            i128::from(steady.abs_diff(shown)) > CLOCKS_APART.as_millis() as i128
        });
        self.session.looked = Some((facts.now, facts.asked.wall));
        if moved {
            self.count_anew();
        }
        if let Ok(seen) = &facts.primary.services {
            self.session.answered = Some(seen.at);
        }
        match &facts.primary.services {
            Ok(seen) => match seen.value {
                BakerState::Stopped { .. } => {
                    self.session.stopped_since.get_or_insert(seen.at);
                }
                BakerState::Running { .. } => self.session.stopped_since = None,
            },
            Err(_) => self.session.stopped_since = None,
        }
        match &facts.primary.power {
            Ok(seen) if seen.value == Power::Off => {
                self.session.power_off_since.get_or_insert(seen.at);
            }
            _ => self.session.power_off_since = None,
        }
        if let Ok(head) = &facts.chain.head {
            self.session.first_head.get_or_insert(head.value.level);
        }
        if let Ok(head) = &facts.chain.head
            && self.session.head.is_none_or(|(level, _)| head.value.level > level)
        {
            self.session.head = Some((head.value.level, facts.now));
            self.session.came = Some(facts.wall_at_head());
        }
        if let Ok(head) = &facts.chain.head
            && std::mem::take(&mut self.session.silence_anew)
        {
            self.session.silent_above = Some(head.value.level);
        }
        if let Ok(delegate) = &facts.chain.delegate {
            self.session.missed = missed(self.session.missed, &delegate.value);
            self.watch(delegate.value.level);
            self.session.followed.look(&delegate.value);
            self.session.key_change_since = match gate::key_change(&delegate.value) {
                Some(_) => self.session.key_change_since.or(Some(facts.now)),
                None => None,
            };
        }
        // The primary was back since then (H27). Once B is that refusal's, such a position is an alarm.
        if self.kept.noted.is_none() && self.session.refused_before.is_some_and(|refused| signed_since(facts, &refused))
        {
            self.session.refused_before = None;
        }
        if let Some(marks) = consensus {
            self.session.own_marks = Some(marks);
        }
        if let (Ok(head), Ok(device)) = (&facts.chain.head, &facts.backup.device)
            && self.session.tried.is_empty()
        {
            let unlocked = device.value.keys.iter().filter(|key| key.arming == Arming::Armed);
            let marks = || unlocked.filter_map(|key| Some((key.name.clone(), key.marks?))).collect();
            self.session.found.get_or_insert_with(|| FoundUnlocked { head: head.value.level, marks: marks() });
        }
        // Unknown is not locked.
        let locked = |device: &DeviceState| device.keys.iter().all(|key| key.arming != Arming::Armed);
        self.session.locked_since = match &facts.backup.device {
            Ok(device) if locked(&device.value) => self.session.locked_since.or(Some(facts.now)),
            Ok(_) => None,
            Err(_) => self.session.locked_since,
        };
        // A claim ends with the plug: what cannot be read is held again before anything is unlocked (S1b).
        if facts.backup.device.is_err() {
            self.session.holding = false;
        }
        if facts.all_known() {
            self.session.unknown_since = None;
        } else {
            self.session.unknown_since.get_or_insert(facts.now);
        }
        moved
    }

    /// What was missed while nobody watched says nothing of now (H41); some times in a session, so that it ends.
    fn watch(&mut self, level: Level) {
        let (last, leaps) = self.session.missed_at.unwrap_or((level, 0));
        let leapt = level.since(last) > LEAP && leaps < TRIES;
        self.session.missed_at = Some((level, leaps.saturating_add(u32::from(leapt))));
        self.session.watched_from = if leapt { Some(level) } else { self.session.watched_from.or(Some(level)) };
    }
}

/// The same count in the same cycle goes back to where it was first read.
fn missed(before: Option<Missed>, now: &Delegate) -> Option<Missed> {
    let found = Missed { cycle: now.cycle, levels: now.missed_levels?, since: now.level };
    before.filter(|b| b.cycle == found.cycle && b.levels == found.levels && b.since <= found.since).or(Some(found))
}
