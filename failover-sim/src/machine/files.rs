//! The few files that can be read on a machine.

use super::Machine;
use super::command::{Command, Ran};
use crate::event::MarkFileState;
use crate::seed::blake;
use failover_core::tezos::{ChainId, KeyHash, Kind};

/// The base folder of the baker under TezBake; the only folder here with mark files.
pub(super) const FOLDER: &str = "/bake-buddy/node/data/.tezos-client";

/// How far in the future the level of [`MarkFileState::FarFuture`] is.
const FAR: u64 = 10_000_000;

/// How far behind the levels of [`MarkFileState::Stale`] are.
const OLD: u64 = 1000;

/// The baker's own record of what it signed (`*_highwatermarks`, Octez v25), written before it asks the signer.
#[derive(Debug, Clone)]
pub(crate) struct MarkFile {
    chain: ChainId,
    key: Option<KeyHash>,
    /// By kind, in the order of [`Kind::ALL`].
    marks: [Option<(u64, u32)>; 3],
    /// How often it was written.
    writes: u64,
    pub(crate) state: MarkFileState,
}

impl MarkFile {
    /// Not there yet: it is made before the first signature.
    pub(crate) const fn new(chain: ChainId) -> Self {
        Self { chain, key: None, marks: [None; 3], writes: 0, state: MarkFileState::Whole }
    }

    /// Its path, with Octez' short form of the chain id.
    fn path(&self) -> String {
        let chain = match self.state {
            MarkFileState::OtherChain => ChainId::new([0xd0, 0x52, 0x21, 0x8e]),
            _ => self.chain,
        };
        format!("{FOLDER}/{}_highwatermarks", chain.to_string().chars().take(13).collect::<String>())
    }

    pub(crate) fn write(&mut self, key: KeyHash, kind: Kind, level: u64, round: u32) {
        self.key = Some(key);
        self.writes = self.writes.saturating_add(1);
        for (of, mark) in Kind::ALL.into_iter().zip(&mut self.marks) {
            if of == kind {
                *mark = (*mark).max(Some((level, round)));
            }
        }
    }

    /// What is in it; `None`: it is not there.
    fn text(&self) -> Option<String> {
        let key = self.key.filter(|_| self.state != MarkFileState::Absent)?.to_string();
        let shown = |level: u64| match self.state {
            MarkFileState::FarFuture => level.saturating_add(FAR),
            MarkFileState::Stale => level.saturating_sub(OLD).max(1),
            _ => level,
        };
        let [blocks, preattestations, attestations] = self.marks.map(|mark| {
            let entry = mark.map(|(level, round)| {
                let mark = serde_json::json!({ "round": round, "level": shown(level) });
                serde_json::json!({ "delegate": key, "highwatermark": mark })
            });
            entry.into_iter().collect::<Vec<_>>()
        });
        let json = serde_json::json!({
            "blocks": blocks, "preattestations": preattestations, "attestations": attestations,
        });
        let mut text = json.to_string();
        if self.state == MarkFileState::CutInHalf {
            text.truncate(text.len() / 2);
        }
        Some(text)
    }

    /// What `cat` prints of a path; `None`: no such file.
    pub(crate) fn at(&self, path: &str) -> Option<String> {
        self.text().filter(|_| path == self.path())
    }
}

/// What the client there knows by name; `None`: another path, or no key was ever imported.
pub(super) fn wallet(machine: &Machine, path: &str) -> Option<String> {
    if path.strip_prefix(FOLDER)? != "/public_key_hashs" || machine.wallet.is_empty() {
        return None;
    }
    let named = machine.wallet.iter().map(|key| serde_json::json!({ "name": "baker", "value": key.to_string() }));
    Some(serde_json::Value::Array(named.collect()).to_string())
}

/// `find -L FOLDERS -maxdepth 1 ( -name PATTERN ... ) -printf "%y %s %i %T@ %p\0"`: the mark file and the nonces, in the
/// only folder that has any.
pub(crate) fn find(machine: &Machine, command: Command<'_>) -> Ran {
    let file = &machine.mark_file;
    let (mut stdout, mut stderr) = (String::new(), String::new());
    let asks_for = |path: &str| {
        let mut patterns = command.args.iter().filter_map(|arg| arg.strip_prefix('*'));
        patterns.any(|end| path.ends_with(end))
    };
    for folder in command.args.iter().filter(|arg| arg.starts_with('/')) {
        if *folder != FOLDER {
            stderr.push_str(&format!("find: '{folder}': No such file or directory\n"));
            continue;
        }
        if let Some(text) = file.text().filter(|_| asks_for(&file.path())) {
            stdout.push_str(&format!("f {} 1 {}.0000000000 {}\0", text.len(), file.writes, file.path()));
        }
        let there = machine.etc.files.iter().filter(|(path, _)| path.starts_with(FOLDER) && asks_for(path));
        for (path, text) in there {
            // Another text was written at another time.
            let [a, b, c, ..] = blake(&[text.as_bytes()]);
            stdout.push_str(&format!("f {} 1 {}.0000000000 {path}\0", text.len(), u32::from_be_bytes([0, a, b, c])));
        }
    }
    Ran::new(i32::from(!stderr.is_empty()), stdout, stderr)
}
