//! Is a machine's systemd one under which the boot guard is proven?

use failover_core::baker::BakerError;
use failover_core::baker::systemd_version::{OLDEST, is_proven, systemd_version};
use failover_core::config::{Control, Machine};
use failover_core::host::Host;
use failover_core::session::open;

use super::found::Found;
use crate::failure::Failure;

const UNPROVEN: &str = "use a machine with Debian 11, Ubuntu 22.04 or newer (`systemctl --version` says which systemd it has); until then \
                        unplug this one's signer while it must not bake";

/// Says which it is; an older one, or one that is not known, with what to do. `None`: no unit of systemd's is guarded there.
///
/// # Errors
/// The ssh destination cannot be used.
pub(super) fn proven_systemd(machine: &Machine) -> Result<Option<Found>, Failure> {
    if matches!(machine.control, Control::Command { .. }) {
        return Ok(None);
    }
    Ok(Some(of(&mut *open::host(machine)?)))
}

fn of(host: &mut dyn Host) -> Found {
    match systemd_version(host) {
        Ok(version) if is_proven(version) => Ok(format!("{version}; the boot guard is proven from {OLDEST} on")),
        Ok(version) => Err((
            format!("{version}, which is older than {OLDEST}: how it treats the boot guard was never tested"),
            UNPROVEN.to_owned(),
        )),
        Err(BakerError::Unclear { why, .. }) => Err((why, UNPROVEN.to_owned())),
        Err(error) => Err((error.to_string(), error.next().to_owned())),
    }
}
