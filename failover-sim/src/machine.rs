//! A simulated machine: power, network, a little systemd with Tezos Baking's services, and a signing device.

use std::time::Duration;

use super::device::{Device, next_key};
use super::options::{Side, WorldOptions};
use super::seed::Seed;
use failover_core::clock::Timestamp;
use failover_core::signer::traits::ArmedBy;
use failover_core::tezos::KeyHash;

mod busctl;
pub(crate) mod command;
mod conf;
mod etc;
mod files;
mod give_back;
pub(crate) mod nonces;
mod permits;
mod process;
pub(crate) mod programs;
mod secret;
mod signer;
mod systemctl;
mod tezbake;
pub(crate) mod unit;
#[cfg(test)]
mod with_signer;

pub(crate) use permits::claim;
pub(crate) use secret::SecretFiles;
pub(crate) use unit::{Job, Running, Unit};

/// The name of the node's unit.
pub const NODE_UNIT: &str = "bb-default-node-xtz-node";
/// The name of the baker's unit.
pub const BAKER_UNIT: &str = "bb-default-node-xtz-baker";
/// The name of the accuser's unit.
pub const ACCUSER_UNIT: &str = "bb-default-node-xtz-accuser";
/// The name of the signer's unit in front of a Ledger.
pub const SIGNER_UNIT: &str = "bb-default-signer-xtz-signer";
/// The name of the tezsign service's unit.
pub const TEZSIGN_UNIT: &str = "bb-default-signer-tezsign";
/// The name of the unit that pays rewards to delegators.
pub const PAY_UNIT: &str = "bb-default-pay-continual";

/// A machine.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) powered: bool,
    /// Booting until then.
    pub(crate) boots_at: Option<Timestamp>,
    pub(crate) reachable: bool,
    pub(crate) on_chain: bool,
    pub(crate) node_stop_fails: bool,
    /// The files that can be written: drop-ins, the guard's token.
    pub(crate) etc: etc::Etc,
    /// TezSign: what the tezsign service unlocks with at every start.
    pub(crate) secret: Option<SecretFiles>,
    /// Is failover installed here?
    pub(crate) failover: bool,
    /// Is TezSign's own program where TezBake puts it?
    pub(crate) tezsign: bool,
    pub(crate) device: Device,
    /// Its cable is out: power alone brings the device back no more.
    pub(crate) cable_out: bool,
    pub(crate) units: Vec<Unit>,
    pub(crate) machine_id: String,
    pub(crate) uid: u32,
    pub(crate) mark_file: files::MarkFile,
    /// The keys that the client knows by name.
    pub(crate) wallet: Vec<KeyHash>,
    /// What the baker here complained of, in its journal.
    pub(crate) complaints: Vec<String>,
    /// The commands that changed something here, or tried to.
    pub(crate) changes: Vec<String>,
    boot_time: Duration,
    next_pid: u32,
}

impl Machine {
    /// A machine that is on, with nothing running.
    pub(crate) fn new(side: Side, options: &WorldOptions, device: Device, secret: Option<String>) -> Self {
        let signer = match options.model.traits().armed_by {
            ArmedBy::Passphrase => (TEZSIGN_UNIT, Job::TezSign),
            ArmedBy::Press => (SIGNER_UNIT, Job::Signer),
        };
        let units = [
            (NODE_UNIT, Job::Node),
            (BAKER_UNIT, Job::Baker),
            (ACCUSER_UNIT, Job::Accuser),
            signer,
            (PAY_UNIT, Job::Pay),
        ];
        let units = units.into_iter().map(|(name, job)| Unit::new(name, job, options.block_seconds)).collect();
        let id = Seed(options.seed).bytes(side.name(), &[]);
        let (consensus, companion) = device.keys();
        let next = next_key(options).map(|key| key.hash);
        let wallet = std::iter::once(consensus.hash).chain(companion.map(|key| key.hash)).chain(next).collect();
        Self {
            wallet,
            powered: true,
            boots_at: None,
            reachable: true,
            on_chain: true,
            node_stop_fails: false,
            etc: etc::Etc::default(),
            secret: secret.map(SecretFiles::new),
            failover: side == Side::Primary && options.primary_failover,
            tezsign: options.primary_programs,
            device,
            cable_out: false,
            units,
            machine_id: id.iter().take(16).map(|b| format!("{b:02x}")).collect(),
            uid: if side == Side::Primary { 1000 } else { 0 },
            mark_file: files::MarkFile::new(options.chain),
            complaints: Vec::new(),
            changes: Vec::new(),
            boot_time: Duration::from_secs(options.block_seconds.saturating_mul(3)),
            next_pid: 1000,
        }
    }

    /// When something happens here by itself.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        let restarts = self.units.iter().filter_map(|unit| match unit.running {
            Running::Waiting { until } => Some(until),
            _ => None,
        });
        restarts.chain(self.boots_at).min()
    }

    /// Does what is due.
    pub(crate) fn advance(&mut self, now: Timestamp) {
        if self.boots_at.is_some_and(|at| at <= now) {
            self.boots_at = None;
            self.reload();
            let enabled: Vec<String> =
                self.units.iter().filter(|unit| unit.enabled).map(|unit| unit.name.clone()).collect();
            for name in enabled {
                self.start(&name, now);
            }
        }
        let due: Vec<String> = self
            .units
            .iter()
            .filter(|unit| matches!(unit.running, Running::Waiting { until } if until <= now))
            .map(|unit| unit.name.clone())
            .collect();
        for name in due {
            self.restart(&name, now);
        }
    }

    /// Reads all units and their drop-ins again.
    pub(crate) fn reload(&mut self) {
        for unit in &mut self.units {
            unit.conf = conf::Conf::of(&unit.name, &self.etc.files);
            unit.need_reload = false;
        }
    }

    /// Power comes back: the device boots locked, the services start after the boot.
    pub(crate) fn power_on(&mut self, now: Timestamp) {
        if !self.powered {
            self.powered = true;
            if !self.cable_out {
                self.device.power_on();
            }
            self.boots_at = Some(now.after(self.boot_time));
        }
    }

    /// Power is gone.
    pub(crate) fn power_off(&mut self) {
        self.powered = false;
        self.boots_at = None;
        self.device.release();
        self.device.power_off();
        for unit in &mut self.units {
            unit.running = Running::No;
        }
    }

    /// The device is pulled out: the tezsign service ends, and tries again.
    pub(crate) fn unplug(&mut self, now: Timestamp) {
        self.cable_out = true;
        self.device.release();
        self.device.power_off();
        if let Some(name) = self.unit_for(Job::TezSign).filter(|u| u.is_running()).map(|u| u.name.clone()) {
            self.ended(&name, "exit-code", now);
        }
    }

    /// Starts a service, as its loaded drop-ins have it. `false`: an assert keeps it from starting.
    pub(crate) fn start(&mut self, name: &str, now: Timestamp) -> bool {
        let Some(unit) = self.units.iter_mut().find(|unit| unit.name == name) else { return false };
        if unit.is_running() {
            return true;
        }
        unit.asserted = unit.conf.asserted(|path| self.etc.exists(path));
        if !unit.asserted {
            unit.running = Running::No;
            return false;
        }
        self.restart(name, now);
        true
    }

    /// A service comes back by itself: from systemd 254 on its asserts are not looked at again, its conditions are.
    fn restart(&mut self, name: &str, now: Timestamp) {
        let Some(unit) = self.units.iter_mut().find(|unit| unit.name == name) else { return };
        if unit.conf.conditioned(|path| self.etc.exists(path)) {
            self.begin(name, now);
        } else {
            unit.running = Running::No;
            unit.result = "exec-condition";
        }
    }

    /// A service's process begins.
    fn begin(&mut self, name: &str, now: Timestamp) {
        let Some(job) = self.unit(name).map(|unit| unit.job) else { return };
        if job == Job::TezSign && !self.tezsign_begins() {
            self.ended(name, "exit-code", now);
            return;
        }
        self.next_pid += 1;
        let pid = self.next_pid;
        if let Some(unit) = self.unit_mut(name) {
            unit.running = Running::Yes { pid, since: now };
            unit.result = "success";
        }
    }

    /// Starts the signer's service, whatever guards it: it runs since before the guard.
    pub(crate) fn start_signer(&mut self, now: Timestamp) {
        for name in [TEZSIGN_UNIT, SIGNER_UNIT] {
            if self.unit(name).is_some_and(|unit| !unit.is_running()) {
                self.begin(name, now);
            }
        }
    }

    /// What the tezsign service does before it serves: unlock where it has a secret, take the sign interface.
    fn tezsign_begins(&mut self) -> bool {
        // The unit runs the script: where that was taken away, nothing can run.
        if let Some(files) = &self.secret {
            let Some(passphrase) = files.passphrase().map(str::to_owned) else { return false };
            if !self.device.unlock(&passphrase) {
                return false;
            }
        }
        self.device.claim()
    }

    /// Stops a service for good.
    pub(crate) fn stop(&mut self, name: &str) {
        let Some(unit) = self.unit_mut(name) else { return };
        unit.running = Running::No;
        unit.result = "success";
        if unit.job == Job::TezSign {
            self.device.release();
        }
    }

    /// A service's process ended by itself: systemd restarts it after its delay.
    pub(crate) fn ended(&mut self, name: &str, result: &'static str, now: Timestamp) {
        let Some(unit) = self.unit_mut(name) else { return };
        unit.running = Running::Waiting { until: now.after(unit.restart_delay) };
        unit.result = result;
        if unit.job == Job::TezSign {
            self.device.release();
        }
    }

    pub(crate) fn unit(&self, name: &str) -> Option<&Unit> {
        let name = name.strip_suffix(".service").unwrap_or(name);
        self.units.iter().find(|unit| unit.name == name)
    }

    pub(crate) fn unit_mut(&mut self, name: &str) -> Option<&mut Unit> {
        let name = name.strip_suffix(".service").unwrap_or(name);
        self.units.iter_mut().find(|unit| unit.name == name)
    }

    pub(crate) fn unit_for(&self, job: Job) -> Option<&Unit> {
        self.units.iter().find(|unit| unit.job == job)
    }

    pub(crate) fn runs(&self, job: Job) -> bool {
        self.powered && self.unit_for(job).is_some_and(Unit::is_running)
    }

    /// Does a baker here see the chain and have a signer to ask?
    pub(crate) fn bakes(&self) -> bool {
        let signer = self.runs(Job::Signer) || self.runs(Job::TezSign);
        self.on_chain && self.runs(Job::Node) && self.runs(Job::Baker) && signer
    }
}
