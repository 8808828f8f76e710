//! What the start needs: units, programs, and keys that the baker knows by name.

use super::{not_ready, strangers};
use crate::baker::{BakerMachine, Wallet};
use crate::decision::Refusal;
use crate::facts::Delegate;

/// Could the baker be started here, for every key that the chain expects?
pub(super) fn ready(delegate: Option<&Delegate>, backup: &mut dyn BakerMachine) -> Result<(), Refusal> {
    const WHAT: &str = "the start of the backup's baker";
    let found = backup.startable().map_err(|error| not_ready(WHAT, error.to_string(), error.next()))?;
    // A control that cannot tell is found out by its start, which is read back.
    let Some(found) = found else { return Ok(()) };
    if !found.missing.is_empty() {
        let next = "mend it as it was set up, then look with `systemctl status`";
        return Err(not_ready(WHAT, found.missing.join("; "), next));
    }
    let (Wallet::Read { files, keys }, Some(delegate)) = (&found.wallet, delegate) else { return Ok(()) };
    let strangers = strangers(delegate, keys);
    if strangers.is_empty() {
        return Ok(());
    }
    let why =
        format!("{} does not have {}, so the baker would not sign with it", files.join(", "), strangers.join(" and "));
    Err(not_ready(WHAT, why, "import the key for the baker's client here, see docs/before.md, then run again"))
}
