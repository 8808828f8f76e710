//! The seed nonces that a simulated baker keeps, in both of its files (Octez v24; see [`failover_core::nonces`]).

use serde_json::{Value, json};

use super::Machine;
use super::command::Ran;
use super::files::FOLDER;
use crate::chain::{BLOCKS_PER_CYCLE, Block};
use failover_core::nonces::NonceFileName;
use failover_core::tezos::{ChainId, NonceHash};

/// The baker writes down what its block commits to: it reads its list, adds to it, and writes all of it again.
pub(crate) fn commit(machine: &mut Machine, chain: ChainId, nonce: &[u8; 32], block: &Block) {
    let (text, name) = (hex::encode(nonce), block.name());
    let stateful = json!({
        "nonce": text, "hash": NonceHash::of(nonce), "block": name, "cycle": block.level / BLOCKS_PER_CYCLE,
        "level": block.level, "round": block.round, "state": "committed",
    });
    let legacy = json!({ "block": name, "nonce": text });
    for (file, entry) in [(NonceFileName::Stateful, stateful), (NonceFileName::Legacy, legacy)] {
        let path = format!("{FOLDER}/{}", file.of_chain(chain));
        let list: Option<Vec<Value>> = machine.etc.files.get(&path).and_then(|text| serde_json::from_str(text).ok());
        let mut list = list.unwrap_or_default();
        list.push(entry);
        if let Ok(text) = serde_json::to_string_pretty(&list) {
            machine.etc.files.insert(path, text);
        }
    }
}

/// [`failover_core::baker::nonces::MERGE`]: whole or not at all, a copy kept.
pub(super) fn write(
    machine: &mut Machine,
    (folder, name): (&str, &str),
    copy: &str,
    (bytes, text): (&str, &str),
) -> Ran {
    if folder != FOLDER || machine.etc.bad_disk {
        return Ran::new(2, "", format!("sh: cd: can't cd to {folder}\n"));
    }
    if bytes != text.len().to_string() {
        return Ran::new(1, "", "the text was cut off\n");
    }
    let (path, copy) = (format!("{folder}/{name}"), format!("{folder}/{copy}"));
    let files = &mut machine.etc.files;
    if let Some(before) = files.get(&path).cloned()
        && *files.entry(copy).or_insert_with(|| before.clone()) != before
    {
        return Ran::new(1, "", "");
    }
    files.insert(path, text.to_owned());
    Ran::ok("")
}
