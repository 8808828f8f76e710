//! Which rungs of the fence could be put up on the primary from here. What cannot is said, and is no reason not to be
//! ready: there a person unplugs the signer.

use failover_core::baker::{Depth, in_one_look};
use failover_core::config::Config;
use failover_core::session::open;
use failover_core::signer::traits::Beside;

use crate::command::systemd::proven_systemd;
use crate::failure::Failure;

/// The guard and the lock, as far as they can be told while the primary bakes.
///
/// # Errors
/// The ssh destination cannot be used.
pub(super) fn rungs(config: &Config) -> Result<String, Failure> {
    let mut primary = open::primary(config)?;
    let guard = match primary
        .as_mut()
        .map(|primary| in_one_look(&mut **primary, Depth::Guards, |primary| primary.boot_guard()))
    {
        Some(Ok(_)) => {
            let machines = [("its", &config.primary.machine), ("its signer's", &config.primary.signer)];
            let mut said = "its services can be guarded".to_owned();
            for (whose, machine) in machines {
                if let Some(Err((says, _))) = machine.as_ref().map(proven_systemd).transpose()?.flatten() {
                    said.push_str(&format!(", which is not proven there: {whose} systemd is {says}"));
                }
            }
            said
        }
        Some(Err(error)) => format!("its services cannot be guarded: {error}"),
        None => "it cannot be reached".to_owned(),
    };
    // Questions from here would come between those of the signer that is at work there.
    let model = config.signer.device.model();
    if model.traits().beside_service == Beside::Shared {
        return Ok(format!("{guard}; a person unplugs its {model}, or states that it is off"));
    }
    let keys = match open::primary_signer(config)?.map(|mut signer| signer.state()) {
        Some(Ok(state)) => format!("its {} keys can be locked", state.keys.len()),
        Some(Err(error)) => format!("its keys cannot be locked, so a person unplugs its signer: {error}"),
        None => "its signer cannot be asked".to_owned(),
    };
    Ok(format!("{guard}; {keys}"))
}
