//! Is this machine, which stands by, still ready to take over? The decision's own gates say it, as for `failover check`;
//! of the guard it is looked at whether it still holds. Once a minute: the guard alone costs several commands.

use std::time::Duration;

use super::Watch;
use super::record::{Trouble, WatchRole};
use crate::decision::{Policy, Progress, Refusal, Verdict, consensus_marks, decide};
use crate::facts::{BootGuard, Eyes, Facts, Manner, Scope, Timestamp, Unknown};
use crate::failover::pin;

/// Between two looks.
const AGAIN: Duration = Duration::from_secs(60);
/// What does not pass by itself in this time is said: a node is restarted, a card is put back.
const PATIENCE: Duration = Duration::from_secs(120);

/// What is remembered from look to look.
pub(super) struct Readiness {
    busy: Box<dyn FnMut() -> bool + Send>,
    looked: Option<Timestamp>,
    progress: Progress,
    /// The boot guard was read as holding by this watch.
    held: bool,
    /// Why it does not any more.
    open: Option<Unknown>,
}

impl Readiness {
    pub(super) fn new(busy: Box<dyn FnMut() -> bool + Send>) -> Self {
        Self { busy, looked: None, progress: Progress::default(), held: false, open: None }
    }

    /// Why the boot guard does not hold any more. One that was never seen to hold is nothing that was lost: a run installs
    /// it first of all.
    pub(super) fn unguarded(&self) -> Option<Unknown> {
        self.open.clone().filter(|_| self.held)
    }

    /// Where it cannot be read, or is not because something runs, what was known stays so.
    fn boot_guard(&mut self, facts: &Facts) {
        let Ok(seen) = &facts.backup.boot_guard else { return };
        self.open = match &seen.value {
            Some(BootGuard::Open { why }) => Some(Unknown {
                why: format!("the services of this machine, which stands by, could start again: {}", why.join("; ")),
                next: "find out who changed that, then run `failover guard install`".to_owned(),
            }),
            Some(BootGuard::Holds { .. }) => {
                self.held = true;
                None
            }
            None => None,
        };
    }
}

impl Watch {
    /// Looks at it, where this machine stands by and no run of it is going on.
    pub(super) fn readiness(&mut self, now: Timestamp) {
        if self.role() != Some(WatchRole::Sentinel) {
            let known = &mut self.readiness;
            (known.looked, known.progress, known.held, known.open) = (None, Progress::default(), false, None);
            self.trouble(now, Trouble::Ready, PATIENCE, None);
            return;
        }
        if self.readiness.looked.is_some_and(|at| now.since(at) < AGAIN) {
            return;
        }
        self.readiness.looked = Some(now);
        if (self.readiness.busy)() {
            return;
        }
        let scope = Scope { baker: self.policy.baker, from: None, primary: false, marks: None, manner: Manner::Usual };
        let Self { gatherer, hands, clock, .. } = self;
        let eyes = Eyes {
            primary: None,
            signer: None,
            power: None,
            backup: &mut *hands.backup,
            guard: &hands.guard,
            device: &mut *hands.device,
            permit: hands.permit.as_ref(),
        };
        let facts = gatherer.gather(eyes, &scope, clock);
        self.readiness.progress.observe(&facts, consensus_marks(&facts));
        pin::renew(&self.state, &mut self.policy, &facts.chain, facts.now);
        self.readiness.boot_guard(&facts);
        let wrong = not_ready(&facts, &self.policy, &self.readiness.progress);
        self.trouble(now, Trouble::Ready, PATIENCE, wrong);
    }
}

/// PURE: why a run would be refused now, or why this is no backup.
fn not_ready(facts: &Facts, policy: &Policy, progress: &Progress) -> Option<Unknown> {
    if let Ok(device) = &facts.backup.device {
        let armed: Vec<String> = device.value.able_to_sign().iter().map(ToString::to_string).collect();
        if !armed.is_empty() {
            return Some(Unknown {
                why: format!("this backup is not ready: its keys can sign: {}", armed.join(", ")),
                next: "run `failover stand-down`: a backup must not be able to sign".to_owned(),
            });
        }
    }
    match decide(facts, policy, progress) {
        // The baker's standing is said by itself; a change of keys or protocol is over within minutes.
        Verdict::Refuse(
            Refusal::Denounced { .. }
            | Refusal::Standing { .. }
            | Refusal::KeyChange { .. }
            | Refusal::ProtocolChange { .. },
        ) => None,
        Verdict::Refuse(refusal) => {
            Some(Unknown { why: format!("this backup is not ready: {refusal}"), next: refusal.next() })
        }
        _ => None,
    }
}
