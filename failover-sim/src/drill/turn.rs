//! The way back: the machine that lost is repaired and becomes the backup, as `failover standby` does it.

use std::path::PathBuf;
use std::time::Duration;

use super::{DrillError, Rehearsal};
use crate::event::Event;
use crate::options::Side;
use crate::wire::Edge;
use failover_core::baker::PowerStatus;
use failover_core::baker::tezbake::TezbakeControl;
use failover_core::clock::Clock as _;
use failover_core::decision::standby_marks;
use failover_core::effect::Hands;
use failover_core::guard::Guard;
use failover_core::host::HostIdentity;
use failover_core::permit::{Root, RunId};
use failover_core::standby::{self, Part};
use failover_core::state::{PlanId, StateDir};

/// A repair takes its time, and the chain goes on meanwhile.
const REPAIR: Duration = Duration::from_secs(600);

impl Rehearsal {
    /// The other machine gets power, chain and signer back, and is made the backup; the next session is a run of its own
    /// in the other direction.
    ///
    /// # Errors
    /// A part of the standby is missing, or the state cannot be used.
    pub fn turn_round(&mut self) -> Result<Vec<Part>, DrillError> {
        let repaired = self.backup.other();
        for event in [Event::PowerOn, Event::Reachable, Event::BackOnChain, Event::Plug] {
            self.world.apply(event(repaired));
        }
        self.world.clock().sleep(REPAIR);
        let state = StateDir::open(self.folder_of(repaired))?;
        self.world.set_guard(repaired, Guard::new(state.path()).token());
        (self.backup, self.state, self.plan, self.journal) = (repaired, state, PlanId::random()?, None);
        self.run = RunId::random()?;
        self.person.primary = repaired.other();
        self.policy.primary_pin = Some(HostIdentity { machine_id: self.world.machine_id(repaired.other()) });

        let clock = self.world.clock();
        let mut hands = Hands { primary: None, primary_signer: None, ..self.hands() };
        let mut parts = standby::fence(&mut hands, &clock);
        let (facts, _) = self.look()?;
        let (marks, raised) = match standby_marks(&facts, &self.policy) {
            Ok(step) => standby::marks(&mut hands, step, &clock, self.plan),
            Err(refusal) => (Part::missing("marks", refusal.to_string(), refusal.next()), Vec::new()),
        };
        parts.push(marks);
        match parts.iter().find(|part| !part.done) {
            Some(missing) => Err(DrillError::Standby { what: missing.what.clone(), why: missing.says.clone() }),
            None => {
                standby::completed(&self.state, &clock, raised)?;
                Ok(parts)
            }
        }
    }

    /// Each machine has a state folder of its own; the first backup's is the drill's.
    fn folder_of(&self, side: Side) -> PathBuf {
        match side {
            Side::Backup => self.scratch.clone(),
            Side::Primary => self.scratch.join(side.name()),
        }
    }

    /// Where the permits, claims and locks of a machine lie.
    pub(super) fn root_of(&self, side: Side) -> Root {
        Root::at(self.folder_of(side).join("machine"))
    }

    /// What a run on the machine that is the backup now acts with.
    pub(super) fn hands(&self) -> Hands {
        let Self { world, person, state, backup, .. } = self;
        let edge = |side| if side == *backup { Edge::Backup } else { Edge::Primary };
        let control = |side| {
            let host = world.host(side).over(world.wire(edge(side)));
            let token = Guard::new(self.folder_of(side)).token();
            Box::new(TezbakeControl::new(host).with_guard_token(token).with_root(self.root_of(side)))
        };
        Hands {
            device: world.wired_signer(*backup),
            primary: Some(control(backup.other())),
            backup: control(*backup),
            guard: Guard::new(state.path()),
            operator: Box::new(person.clone()),
            passphrase: None,
            locks: Vec::new(),
            primary_signer: Some(super::edges::remote_signer(world, backup.other())),
            power: world
                .options()
                .power_status
                .map(|says| PowerStatus::new(Box::new(world.host(*backup)), vec!["echo".to_owned(), says.to_owned()])),
            permit: None,
        }
    }
}
