//! How a guarded machine with TezBake is lived with: the node up to date, an upgrade, and what its exit 25 means.

use std::fmt;

use failover_core::baker::{UnitName, tezbake};
use failover_core::host::Host;
use serde::Serialize;

/// One TezBake of this machine.
#[derive(Serialize)]
struct Instance {
    instance: String,
    /// Node and DAL node: what may run.
    may_run: Vec<String>,
}

/// All that are guarded.
#[derive(Serialize)]
#[serde(tag = "record", rename = "living-with-the-guard")]
pub(super) struct LivingRecord {
    instances: Vec<Instance>,
}

impl LivingRecord {
    /// Of the guarded units. `None`: none of them is TezBake's, or the service manager does not say.
    pub(super) fn of(host: Box<dyn Host>, guarded: &[UnitName]) -> Option<Self> {
        let names = |units: &[UnitName]| units.iter().map(ToString::to_string).collect();
        let found = tezbake::beside(host, guarded).ok()?.into_iter();
        let instances: Vec<Instance> =
            found.map(|(id, nodes)| Instance { instance: id.to_string(), may_run: names(&nodes) }).collect();
        (!instances.is_empty()).then_some(Self { instances })
    }
}

impl fmt::Display for LivingRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "While it is guarded:")?;
        for Instance { instance, may_run } in &self.instances {
            if !may_run.is_empty() {
                write!(f, "\n    the node of {instance} alone: systemctl start {}", may_run.join(" "))?;
            }
        }
        write!(f, "\n    an upgrade: tezbake stop, then tezbake upgrade; keys are imported before the guard")?;
        write!(f, "\n    exit 25 of TezBake: it could not start a service, which is this guard")
    }
}
