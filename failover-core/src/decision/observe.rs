//! What a session sees, taken into its progress: nothing of it survives a crash.

use super::gate;
use super::policy::{CLOCKS_APART, LEAP, TRIES};
use super::progress::{Found, Missed, Progress};
use super::unproven::signed_since;
use crate::facts::{Arming, BakerState, Delegate, DeviceState, Facts, Marks, Power};
use crate::tezos::Level;

impl Progress {
    /// Takes in what this session sees; nothing of it survives a crash. `true`: the wall clock moved differently from
    /// the steady one since the last look, and everything is counted anew (S15, H41).
    pub fn observe(&mut self, facts: &Facts, consensus: Option<Marks>) -> bool {
        let moved = self.looked.is_some_and(|(now, wall)| {
            let (steady, shown) = (facts.now.millis() - now.millis(), facts.asked.wall.millis() - wall.millis());
            i128::from(steady.abs_diff(shown)) > CLOCKS_APART.as_millis() as i128
        });
        self.looked = Some((facts.now, facts.asked.wall));
        if moved {
            self.count_anew();
        }
        if let Ok(seen) = &facts.primary.services {
            self.answered = Some(seen.at);
        }
        match &facts.primary.services {
            Ok(seen) => match seen.value {
                BakerState::Stopped { .. } => {
                    self.stopped_since.get_or_insert(seen.at);
                }
                BakerState::Running { .. } => self.stopped_since = None,
            },
            Err(_) => self.stopped_since = None,
        }
        match &facts.primary.power {
            Ok(seen) if seen.value == Power::Off => {
                self.power_off_since.get_or_insert(seen.at);
            }
            _ => self.power_off_since = None,
        }
        if let Ok(head) = &facts.chain.head {
            self.first_head.get_or_insert(head.value.level);
        }
        if let Ok(head) = &facts.chain.head
            && self.head.is_none_or(|(level, _)| head.value.level > level)
        {
            self.head = Some((head.value.level, facts.now));
            self.came = Some(facts.wall_at_head());
        }
        if let Ok(head) = &facts.chain.head
            && std::mem::take(&mut self.silence_anew)
        {
            self.silent_above = Some(head.value.level);
        }
        if let Ok(delegate) = &facts.chain.delegate {
            self.missed = missed(self.missed, &delegate.value);
            self.watch(delegate.value.level);
            self.followed.look(&delegate.value);
            self.key_change_since = match gate::key_change(&delegate.value) {
                Some(_) => self.key_change_since.or(Some(facts.now)),
                None => None,
            };
        }
        // The primary was back since then (H27). Once B is that refusal's, such a position is an alarm.
        if self.noted.is_none() && self.refused_before.is_some_and(|refused| signed_since(facts, &refused)) {
            self.refused_before = None;
        }
        if let Some(marks) = consensus {
            self.own_marks = Some(marks);
        }
        if let (Ok(head), Ok(device)) = (&facts.chain.head, &facts.backup.device)
            && self.tried.is_empty()
        {
            let unlocked = device.value.keys.iter().filter(|key| key.arming == Arming::Armed);
            let marks = || unlocked.filter_map(|key| Some((key.name.clone(), key.marks?))).collect();
            self.found.get_or_insert_with(|| Found { head: head.value.level, marks: marks() });
        }
        // Unknown is not locked.
        let locked = |device: &DeviceState| device.keys.iter().all(|key| key.arming != Arming::Armed);
        self.locked_since = match &facts.backup.device {
            Ok(device) if locked(&device.value) => self.locked_since.or(Some(facts.now)),
            Ok(_) => None,
            Err(_) => self.locked_since,
        };
        // A claim ends with the plug: what cannot be read is held again before anything is unlocked (S1b).
        if facts.backup.device.is_err() {
            self.holding = false;
        }
        if facts.all_known() {
            self.unknown_since = None;
        } else {
            self.unknown_since.get_or_insert(facts.now);
        }
        moved
    }

    /// What was missed while nobody watched says nothing of now (H41); some times in a session, so that it ends.
    fn watch(&mut self, level: Level) {
        let (last, leaps) = self.missed_at.unwrap_or((level, 0));
        let leapt = level.since(last) > LEAP && leaps < TRIES;
        self.missed_at = Some((level, leaps.saturating_add(u32::from(leapt))));
        self.watched_from = if leapt { Some(level) } else { self.watched_from.or(Some(level)) };
    }
}

/// The same count in the same cycle goes back to where it was first read.
fn missed(before: Option<Missed>, now: &Delegate) -> Option<Missed> {
    let found = Missed { cycle: now.cycle, levels: now.missed_levels?, since: now.level };
    before.filter(|b| b.cycle == found.cycle && b.levels == found.levels && b.since <= found.since).or(Some(found))
}
