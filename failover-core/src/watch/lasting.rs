//! PURE: what lasts is said, ever more seldom, and its end is said too. Never silently, and never in a flood.

use std::collections::BTreeMap;
use std::time::Duration;

use super::record::{Finding, Trouble};
use crate::clock::Timestamp;
use crate::facts::Unknown;

/// It is said again after this at the latest.
const LONGEST: Duration = Duration::from_secs(3600);

#[derive(Debug, Clone, Copy)]
struct Since {
    began: Timestamp,
    /// WatchRecord when it has lasted this long.
    next: Duration,
    said: bool,
}

/// Everything that is not as it should be at the moment.
#[derive(Debug, Clone, Default)]
pub(super) struct Lasting(BTreeMap<Trouble, Since>);

impl Lasting {
    /// Something is wrong now; a note where it has lasted for `patience`, then each time twice as long.
    pub(super) fn wrong(
        &mut self,
        now: Timestamp,
        what: Trouble,
        patience: Duration,
        unknown: &Unknown,
    ) -> Option<Finding> {
        let since = self.0.entry(what).or_insert(Since { began: now, next: patience, said: false });
        let lasted = now.since(since.began);
        if lasted < since.next {
            return None;
        }
        since.said = true;
        since.next = lasted.max(Duration::from_secs(5)).saturating_mul(2).min(lasted.saturating_add(LONGEST));
        let Unknown { why, next } = unknown.clone();
        Some(Finding::Trouble { what, why, next, seconds: lasted.as_secs() })
    }

    /// It is right now; a note where it was said to be wrong.
    pub(super) fn right(&mut self, now: Timestamp, what: Trouble) -> Option<Finding> {
        let since = self.0.remove(&what).filter(|since| since.said)?;
        Some(Finding::Over { what, seconds: now.since(since.began).as_secs() })
    }

    /// What is wrong and was said.
    pub(super) fn said(&self) -> Vec<Trouble> {
        self.0.iter().filter(|(_, since)| since.said).map(|(what, _)| *what).collect()
    }

    /// For how long it has been wrong.
    pub(super) fn lasted(&self, now: Timestamp, what: Trouble) -> Duration {
        self.0.get(&what).map_or(Duration::ZERO, |since| now.since(since.began))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lasts_is_said_ever_more_seldom_and_its_end_too() {
        let mut lasting = Lasting::default();
        let unknown = Unknown { why: "no answer".to_owned(), next: "look".to_owned() };
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
        let mut said = Vec::new();
        for second in 0..20_000 {
            if let Some(Finding::Trouble { seconds, .. }) =
                lasting.wrong(at(second), Trouble::Signer, Duration::from_secs(10), &unknown)
            {
                said.push(seconds);
            }
        }
        assert_eq!(said, [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 8720, 12320, 15920, 19520]);
        let over = lasting.right(at(20_000), Trouble::Signer);
        assert_eq!(over, Some(Finding::Over { what: Trouble::Signer, seconds: 20_000 }));
        // A short one is not worth a word, nor is its end.
        assert_eq!(lasting.wrong(at(30_000), Trouble::Signer, Duration::from_secs(10), &unknown), None);
        assert_eq!((lasting.said(), lasting.lasted(at(30_009), Trouble::Signer)), (vec![], Duration::from_secs(9)));
        assert_eq!(lasting.lasted(at(30_009), Trouble::Standing), Duration::ZERO);
        assert_eq!(lasting.right(at(30_001), Trouble::Signer), None);
    }

    #[test]
    fn what_was_said_is_known_until_it_is_over() {
        let mut lasting = Lasting::default();
        let unknown = Unknown { why: "no answer".to_owned(), next: "look".to_owned() };
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
        assert!(lasting.wrong(at(0), Trouble::Signer, Duration::ZERO, &unknown).is_some());
        assert_eq!(
            (lasting.said(), lasting.lasted(at(7), Trouble::Signer)),
            (vec![Trouble::Signer], Duration::from_secs(7))
        );
        assert!(lasting.right(at(8), Trouble::Signer).is_some());
        assert_eq!((lasting.said(), lasting.lasted(at(9), Trouble::Signer)), (vec![], Duration::ZERO));
    }
}
