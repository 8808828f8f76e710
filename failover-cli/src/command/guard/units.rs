//! Every service of this machine that signs, whatever it belongs to, and whether this token keeps it from starting: so that
//! none is overlooked.

use std::fmt;
use std::path::Path;

use failover_core::baker::{BootGuards as _, SystemdControl, UnitName, setup};
use failover_core::guard::BootGuard;
use failover_core::host::Host;
use serde::Serialize;

/// One of them.
#[derive(Serialize)]
struct Unit {
    unit: String,
    guarded: bool,
}

/// All of them.
#[derive(Serialize)]
#[serde(tag = "record", rename = "signing-units")]
pub(super) struct UnitsRecord {
    units: Vec<Unit>,
}

impl UnitsRecord {
    /// Looks for them by what they run and by TezBake's names. `None`: the service manager does not say.
    pub(super) fn of(open: impl Fn() -> Option<Box<dyn Host>>, token: &Path) -> Option<Self> {
        let found = setup::units(open()?).ok()?;
        let units = found.into_iter().map(|unit| {
            let name = unit.to_string();
            let guard = open()
                .map(|host| SystemdControl::new(host, vec![unit]).with_guard_token(token.to_owned()).boot_guard());
            Unit { unit: name, guarded: matches!(guard, Some(Ok(BootGuard::Holds { .. }))) }
        });
        Some(Self { units: units.collect() })
    }

    /// Those that this token keeps from starting.
    pub(super) fn guarded(&self) -> Vec<UnitName> {
        self.units.iter().filter(|unit| unit.guarded).filter_map(|unit| unit.unit.parse().ok()).collect()
    }
}

impl fmt::Display for UnitsRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.units.is_empty() {
            return write!(f, "No service that signs is installed on this machine");
        }
        write!(f, "Kept from starting by this token, of all services of this machine that sign:")?;
        self.units
            .iter()
            .try_for_each(|Unit { unit, guarded }| write!(f, "\n    {} {unit}", if *guarded { "yes" } else { " no" }))
    }
}
