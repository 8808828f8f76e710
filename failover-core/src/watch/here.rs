//! What this machine is, and whether what signs on it is as that wants it: looked at now and then.

use std::collections::BTreeSet;
use std::time::Duration;

use super::look::{PATIENCE, SERVICES, UNREADABLE};
use super::previous_run;
use super::record::{Finding, Trouble, WatchRole};
use super::role::{self, Signs, Taken};
use super::votes::VoteCount;
use super::{Judge, Watch};
use crate::decision::consensus_marks_of;
use crate::facts::{BakerState, ChainFacts, Timestamp, Unknown, seen};
use crate::guard::GuardStatus;
use crate::journal::record::End;
use crate::signer::traits::Beside;
use crate::state::{Latch, StateError};
use crate::tezos::Level;

/// A device that answers on one interface, also its service: without anything to judge it is left alone for this long.
const SHARED: Duration = Duration::from_secs(60);
/// A device that did not answer is asked again after this.
pub(super) const ASK_FAILED: Duration = Duration::from_secs(1);
/// A watch that begins long after its run reads so many levels back, some hours.
const CATCH_UP: u64 = 2000;

impl Watch {
    /// A duplicate that was seen before, by a run or by another watch: this machine stays stopped.
    pub(super) fn latched(&mut self, now: Timestamp) -> Option<End> {
        let first = self.taken.is_none();
        let why = match self.state.latch() {
            Latch::Open => {
                self.trouble(now, Trouble::State, Duration::ZERO, None);
                return None;
            }
            Latch::Latched(seen) => {
                format!(
                    "a duplicate was seen at {} ({} {:#}), and nobody has cleared it",
                    seen.at, seen.kind, seen.position
                )
            }
            // A record that is there and cannot be read is taken as one.
            Latch::Unknown(error) if first && !matches!(error, StateError::Missing { .. }) => error.to_string(),
            Latch::Unknown(error) => {
                let unknown = Unknown { why: error.to_string(), next: error.next().to_owned() };
                self.trouble(now, Trouble::State, Duration::ZERO, Some(unknown));
                return None;
            }
        };
        Some(self.stay_stopped(why))
    }

    /// Looks at the services; and at the device, where nothing else asks for it and it may be asked.
    pub(super) fn services(&mut self, now: Timestamp) {
        self.services = seen(self.hands.backup.state(), &self.hands.backup.describe(), &self.clock);
        let running = !matches!(&self.services, Ok(seen) if matches!(seen.value, BakerState::Stopped { .. }));
        let again = match self.hands.device.model().traits().beside_service {
            Beside::Shared => SHARED,
            Beside::Free => SERVICES,
        };
        let due = self.device_at.is_none_or(|at| now.since(at) >= again);
        // On a machine that stands by, only what runs could sign.
        if due && (running || self.role() != Some(WatchRole::Sentinel)) {
            self.read_device(now);
        }
    }

    /// What is this machine now?
    pub(super) fn take(&mut self, now: Timestamp, guard: GuardStatus, chain: &ChainFacts, head: Option<Level>) {
        let running = self.services.as_ref().ok().map(|seen| matches!(seen.value, BakerState::Running { .. }));
        let marks = consensus_marks_of(&chain.delegate, &self.device);
        let seen = Signs { guard: &guard, running, device: &self.device, marks, head };
        let taken = role::taken(self.taken.as_ref(), seen);
        self.guard = Some(guard);
        // Where nothing was decided yet, a head is needed to say from where on.
        let (Some(taken), Some(head)) = (taken, head) else { return };
        if self.taken.as_ref() == Some(&taken) {
            return;
        }
        let after = match previous_run::token(&taken).map(|token| previous_run::after(&self.state, &self.policy, token))
        {
            Some(Ok(after)) => after,
            Some(Err(unknown)) => {
                self.trouble(now, Trouble::State, Duration::ZERO, Some(unknown));
                None
            }
            None => None,
        };
        self.judge = match (&after, taken.role()) {
            (_, WatchRole::Sentinel) => None,
            (Some(after), WatchRole::Baker) => Some(Judge::after(&after.kept)),
            (None, WatchRole::Baker) => Some(Judge::alone(head)),
        };
        self.run = after.map(|after| (after.plan, after.journal));
        self.known_services.clear();
        self.votes = VoteCount::default();
        let first = self.judge.as_ref().map_or(head, Judge::first);
        self.begin(&taken, first, head);
        self.taken = Some(taken);
    }

    /// Says what this machine is from now on, and from where on is judged.
    fn begin(&mut self, taken: &Taken, first: Level, head: Level) {
        let (role, why) = (taken.role(), taken.why());
        let floor = self.judge.as_ref().and_then(Judge::floor);
        self.note(Finding::Watch {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            baker: self.policy.baker,
            role,
            why,
            plan: self.run.as_ref().map(|(plan, _)| *plan),
            from: first,
            floor,
        });
        if role == WatchRole::Sentinel {
            return;
        }
        let from = head.below(CATCH_UP).unwrap_or(Level::FIRST).max(first);
        if from > first
            && let Some(to) = from.below(1)
        {
            let why = "the watch began too long after the run; what the marks of the device here explain is its own"
                .to_owned();
            self.note(Finding::Unjudged { from: first, to, why });
        }
        self.from = Some(from);
    }

    /// Is what signs here, and its device, as this machine's role wants it?
    pub(super) fn troubles_here(&mut self, now: Timestamp, chain: &ChainFacts) {
        let Some(role) = self.role() else {
            let unknown = self.device.as_ref().err().or(chain.head.as_ref().err()).or(self.services.as_ref().err());
            let why = unknown.map_or_else(|| "its marks are not known".to_owned(), ToString::to_string);
            let next =
                "look with `failover status`: until it is known what this machine is, nothing is judged".to_owned();
            self.trouble(now, Trouble::Signer, PATIENCE, Some(Unknown { why, next }));
            return;
        };
        let (services, patience) = self.services_trouble(role);
        self.trouble(now, Trouble::Services, patience, services);
        let started = self.started_here(role).or_else(|| self.readiness.unguarded());
        self.trouble(now, Trouble::Guard, Duration::ZERO, started);
        let unread = match (role, &self.device) {
            (WatchRole::Baker, Err(unknown)) => Some(unknown.clone()),
            (WatchRole::Baker, Ok(_)) if consensus_marks_of(&chain.delegate, &self.device).is_none() => Some(Unknown {
                why: "the signer does not show the marks of the consensus key: locked, or another card".to_owned(),
                next: "look at the signer with `failover status`".to_owned(),
            }),
            _ => None,
        };
        self.trouble(now, Trouble::Signer, PATIENCE, unread);
    }

    /// What signs was started on a machine that stands by (H3, H14).
    fn started_here(&self, role: WatchRole) -> Option<Unknown> {
        let (WatchRole::Sentinel, Ok(seen)) = (role, &self.services) else { return None };
        let BakerState::Running { what } = &seen.value else { return None };
        let armed = self.device.as_ref().is_ok_and(|seen| !seen.value.able_to_sign().is_empty());
        let and = if armed { ", and could sign" } else { "" };
        Some(Unknown {
            why: format!("this machine stands by{and}: running {}", what.join(", ")),
            next: "run `failover stand-down`: a machine that stands by must not be able to sign".to_owned(),
        })
    }

    fn services_trouble(&mut self, role: WatchRole) -> (Option<Unknown>, Duration) {
        let wrong = |why: String, next: &str| (Some(Unknown { why, next: next.to_owned() }), Duration::ZERO);
        match (role, &self.services) {
            (WatchRole::Baker, Ok(seen)) => match &seen.value {
                BakerState::Stopped { .. } => wrong(
                    "nothing that signs is running on this machine: it does not bake".to_owned(),
                    "look at the services with `systemctl status`; the watch starts nothing",
                ),
                BakerState::Running { what } => {
                    // A unit's name; a process has another number after every restart.
                    let units: Vec<&str> = what.iter().filter_map(|w| w.split(" (").next()).collect();
                    let units = units.into_iter().filter(|unit| unit.ends_with(".service"));
                    let now: BTreeSet<String> = units.map(str::to_owned).collect();
                    let gone: Vec<String> = self.known_services.difference(&now).cloned().collect();
                    self.known_services.extend(now);
                    match gone.is_empty() {
                        true => (None, Duration::ZERO),
                        false => wrong(
                            format!("no longer running on this machine: {}", gone.join(", ")),
                            "look at it with `systemctl status`; the watch starts nothing",
                        ),
                    }
                }
            },
            // What runs there is the guard's matter.
            (WatchRole::Sentinel, Ok(_)) => (None, Duration::ZERO),
            (_, Err(unknown)) => (Some(unknown.clone()), UNREADABLE),
        }
    }
}
