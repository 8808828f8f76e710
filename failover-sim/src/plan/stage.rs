//! Puts a plan into a world.

use std::time::Duration;

use super::{Card, Pause, Plan};
use crate::chain::PROTOCOL;
use crate::event::Event;
use crate::options::Side;
use crate::scenario::Stage;
use crate::world::World;
use failover_core::clock::Clock;
use failover_core::decision::Quarantine;
use failover_core::facts::HeadPin;
use failover_core::host::HostIdentity;

impl Plan {
    /// Spoils the world, the thresholds and the person.
    pub(crate) fn prepare(&self, stage: &mut Stage<'_>) {
        let Stage { world, policy, person } = stage;
        (person.cable, person.ledger_setting) = (self.cable, self.ledger_setting);
        person.takes_the_risk = self.takes_the_risk;
        person.passphrase = (!self.right_passphrase).then(|| "not this one".to_owned());
        (policy.margin, policy.emergency) = (self.margin, self.emergency);
        if !self.quarantine {
            policy.quarantine = Quarantine::off_in_a_simulation();
        }
        if self.pin == Some(false) {
            policy.primary_pin = Some(HostIdentity { machine_id: "0".repeat(32) });
        }
        policy.head_pin = self.pinned.then(|| HeadPin {
            chain: policy.chain,
            level: world.head_level(),
            at: world.now(),
            block_seconds: world.options().block_seconds,
            protocol: PROTOCOL.to_owned(),
        });
        let head = world.head_level().get();
        match self.card {
            Card::Rehearsed => {}
            Card::Restored => world.restore_card(Side::Backup),
            Card::Behind(levels) => world.set_marks(Side::Backup, head.saturating_sub(levels)),
            Card::Above(levels) => world.set_marks(Side::Backup, head.saturating_add(levels)),
            Card::Wrong => world.wrong_card(Side::Backup),
        }
        if let Some(ledger) = world.ledger(Side::Backup) {
            ledger.lock().script(self.ledger.iter().copied());
        }
        if self.signer_runs {
            world.start_signer(Side::Backup);
        }
        if self.held {
            world.hold_sign_interface(Side::Backup, "a signer that nobody remembers (pid 4711)");
        }
        for event in &self.before {
            world.apply(event.clone());
        }
        for (seconds, event) in &self.events {
            world.at(world.now().after(Duration::from_secs(*seconds)), event.clone());
        }
        world.wires().spoil(self.bursts.clone());
    }
}

impl Pause {
    /// Happens.
    pub(crate) fn happen(self, world: &World) {
        let wait = |seconds| world.clock().sleep(Duration::from_secs(seconds));
        if !self.reboot {
            return wait(self.seconds);
        }
        world.apply(Event::PowerOff(Side::Backup));
        wait(self.seconds);
        world.apply(Event::PowerOn(Side::Backup));
        wait(40);
        world.start_signer(Side::Backup);
        wait(10);
    }
}
