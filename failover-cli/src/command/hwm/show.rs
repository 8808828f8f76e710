//! `hwm show`.

use comfy_table::{ContentArrangement, Table, presets};
use failover_core::session::open;
use failover_core::signer::record::{DeviceRecord, records};
use failover_core::signer::traits::{Setting, Traits, Words};
use failover_core::signer::{Arming, DeviceState, KeyState};
use failover_core::tezos::Kind;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{End, Output};
use crate::settings::Settings;
use crate::signals;
use crate::wrap::width;

/// A device and its keys: a table for a person, records for a program. What is printed here is what another machine's
/// `run` reads.
pub(crate) fn table(state: &DeviceState, out: &mut Output) {
    let model = state.info.model;
    let version = state.info.version.as_ref().map_or_else(String::new, |version| format!(" {version}"));
    let serial = state.info.serial.as_ref().map_or_else(String::new, |serial| format!(", serial {serial}"));
    out.line(format!("{model}{version} at {}{serial}\n", state.info.selector));
    if let Some(ledger) = &state.info.ledger {
        out.line(format!("It is {ledger}.\n"));
    }
    let mut rows = Vec::new();
    for record in records(state) {
        out.record(&record);
        let DeviceRecord::Key(record) = record else { continue };
        let KeyState { name, key, arming, marks } = &record.state;
        let cell = |kind| match (marks, &record.unknown) {
            (Some(marks), _) => marks.of(kind).grouped(),
            (None, why) => format!("unknown ({})", why.as_deref().unwrap_or("not shown")),
        };
        let [block, preattestation, attestation] = Kind::ALL.map(cell);
        let state = words(model.traits().words, *arming).to_owned();
        rows.push([name.to_string(), key.to_string(), state, block, preattestation, attestation]);
    }
    let wide = columns(&HEADER, &rows);
    // In a narrow terminal a row that breaks is no row any more.
    let fits = out.columns().is_none_or(|columns| wide.lines().all(|line| width(line) <= columns));
    out.line(if fits { wide } else { below_each_other(&rows) });
}

const HEADER: [&str; 6] = ["KEY", "HASH", "STATE", "BLOCK", "PREATTESTATION", "ATTESTATION"];
type Row = [String; HEADER.len()];

/// A key a paragraph, its marks below each other.
fn below_each_other(rows: &[Row]) -> String {
    let names = HEADER.map(str::to_lowercase);
    let longest = names.iter().map(|name| width(name)).max().unwrap_or_default();
    let key = |row: &Row| {
        let [key, hash, state, ..] = row;
        let marks = names.iter().zip(row).skip(3);
        let marks = marks.map(|(name, mark)| format!("    {name:<longest$}  {mark}"));
        [format!("{key}  {hash}  {state}")].into_iter().chain(marks).collect::<Vec<_>>().join("\n")
    };
    rows.iter().map(key).collect::<Vec<_>>().join("\n")
}

/// Columns, each as wide as its widest cell and two blanks from the next, without lines between them.
fn columns(header: &[&str], rows: &[impl Clone + Into<Vec<String>>]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header).add_rows(rows.iter().cloned().map(Into::into));
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

/// What no question to the device shows, and a person sees on its screen (H17).
pub(crate) const fn setting(traits: &Traits) -> Option<&'static str> {
    match traits.setting {
        Setting::LookedAt { otherwise, .. } => Some(otherwise),
        Setting::None => None,
    }
}

/// Can the device sign with the key? In its own words.
const fn words(words: Words, arming: Arming) -> &'static str {
    match arming {
        Arming::Corrupted => "CORRUPTED",
        Arming::Armed => words.armed,
        Arming::Disarmed => words.at_rest,
    }
}

/// Shows every key of the device.
///
/// # Errors
/// The device cannot be read.
pub(crate) fn run(settings: &Settings, out: &mut Output) -> Result<End, Failure> {
    let signer = settings.signer()?;
    let state = open::device_state(&signer, signals::flag())?;
    let model = state.info.model;
    table(&state, out);
    if state.info.version.is_none() {
        out.line("Its version is unknown: it does not say one.");
    }
    if let Some(newer) = open::newer_than_tried(&state) {
        out.warn(newer);
    }
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
    Ok(End::done(match model.traits().setting {
        Setting::None => {
            "compare with `failover level`; a low mark is raised by `failover run` or `failover hwm raise`".to_owned()
        }
        Setting::LookedAt { name, .. } => {
            format!("compare with `failover level`; look at the setting {name} on the {model}'s screen")
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["consensus".to_owned(), "1".to_owned()]];
        assert_eq!(columns(&["KEY", "MARK"], &rows), "KEY        MARK\nconsensus  1");
    }
}
