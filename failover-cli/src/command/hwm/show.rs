//! `hwm show`.

use failover_core::signer::{Arming, DeviceInfo, Model};
use serde::Serialize;

use super::KeyRecord;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{End, Output};
use crate::parts;
use crate::settings::Settings;
use crate::table::Table;

#[derive(Serialize)]
#[serde(tag = "record", rename = "device")]
struct DeviceRecord<'a> {
    #[serde(flatten)]
    info: &'a DeviceInfo,
}

/// Shows every key of the device.
///
/// # Errors
/// The device cannot be read.
pub(crate) fn run(settings: &Settings, out: &mut Output) -> Result<End, Failure> {
    let signer = settings.signer()?;
    let state = parts::open_device(&signer)?.state()?;
    let model = state.info.model;
    let version = state.info.version.as_deref().unwrap_or("of unknown version");
    let serial = state.info.serial.as_ref().map_or_else(String::new, |serial| format!(", serial {serial}"));
    out.line(format!("{model} {version} at {}{serial}\n", state.info.selector));
    out.record(&DeviceRecord { info: &state.info });
    let mut table = Table::new(&["KEY", "HASH", "STATE", "BLOCK", "PREATTESTATION", "ATTESTATION"]);
    for key in &state.keys {
        let record = KeyRecord::from(key);
        let marks = [record.cell(|m| m.block), record.cell(|m| m.preattestation), record.cell(|m| m.attestation)];
        let words = [key.name.to_string(), key.key.to_string(), super::arming(model, key.arming).to_owned()];
        table.row(words.into_iter().chain(marks));
        out.record(&record);
    }
    out.line(&table);
    if let Some(missing) = signer.keys.iter().find(|name| state.named(name).is_none()) {
        out.warn(format!("the configured key {missing} is not on this device"));
    }
    if state.keys.iter().any(|key| key.arming == Arming::Corrupted) {
        out.warn("a key's state is corrupted: what it says is no evidence");
        return Ok(End::new(Exit::NotReady, "do not sign with this device: use another one, or restore its card"));
    }
    if state.keys.iter().any(|key| key.marks.is_none()) {
        return Ok(End::done(
            "marks of locked keys are not shown; `failover hwm raise` unlocks them for the raise only",
        ));
    }
    Ok(End::done(match model {
        Model::TezSign => {
            "compare with `failover level`; a low mark is raised by `failover run` or `failover hwm raise`"
        }
        Model::Ledger => "compare with `failover level`; look at the setting High Watermark on the Ledger's screen",
    }))
}
