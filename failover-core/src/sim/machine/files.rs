//! The few files that can be read on a machine.

use crate::tezos::{KeyHash, Kind};

/// The baker's own record of what it signed (`*_highwatermarks`, Octez v25), written before it asks the signer.
#[derive(Debug, Clone, Default)]
pub(crate) struct MarkFile {
    key: Option<KeyHash>,
    block: Option<(u64, u32)>,
    preattestation: Option<(u64, u32)>,
    attestation: Option<(u64, u32)>,
}

/// Where it lies under TezBake.
pub(crate) const MARK_FILE: &str = "/bake-buddy/node/data/.tezos-client/NetXdQprcVkpa_highwatermarks";

impl MarkFile {
    pub(crate) fn write(&mut self, key: KeyHash, kind: Kind, level: u64, round: u32) {
        self.key = Some(key);
        let mark = match kind {
            Kind::Block => &mut self.block,
            Kind::Preattestation => &mut self.preattestation,
            Kind::Attestation => &mut self.attestation,
        };
        *mark = (*mark).max(Some((level, round)));
    }

    /// Its JSON; `None` before the first signature.
    pub(crate) fn json(&self) -> Option<String> {
        let key = self.key?.to_string();
        let list = |mark: Option<(u64, u32)>| {
            mark.map(|(level, round)| {
                serde_json::json!({ "delegate": key, "highwatermark": { "round": round, "level": level } })
            })
            .into_iter()
            .collect::<Vec<_>>()
        };
        let json = serde_json::json!({
            "blocks": list(self.block),
            "preattestations": list(self.preattestation),
            "attestations": list(self.attestation),
        });
        Some(json.to_string())
    }
}
