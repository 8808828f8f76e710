//! The keys of a simulated gadget. Nothing here is BLS: a made key is the hash of its seed.

use blake2::digest::consts::{U48, U64};
use blake2::{Blake2b, Digest};

use failover_core::tezos::{Curve, KeyHash};

/// The recorded gadget's master passphrase.
pub const PASSPHRASE: &[u8] = b"correct horse battery staple";

const BLPK: [u8; 4] = [6, 149, 135, 204];
const BLSIG: [u8; 4] = [40, 171, 64, 207];

/// A key as its card describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimKey {
    /// Its alias.
    pub alias: String,
    /// Its hash.
    pub hash: KeyHash,
    /// Its public key, `BLpk...`.
    pub public_key: String,
    /// Its proof of possession, `BLsig...`.
    pub proof: String,
}

impl SimKey {
    /// The recorded gadget's keys: `consensus` and `companion`, made by its deterministic derivation.
    #[must_use]
    pub fn defaults() -> Vec<Self> {
        Self::recorded().into()
    }

    /// The keys that the recorded gadget makes, in the order of their derivation.
    pub(super) fn recorded() -> [Self; 2] {
        [
            Self {
                alias: "consensus".to_owned(),
                hash: hash(CONSENSUS_KEY),
                public_key: CONSENSUS_KEY.to_owned(),
                proof: "BLsig9q3am1WrdBvd3HLoUrUmx1FB36c3RKYW6hYgemrqtqWBXZyM534nds4mZrfsKvgVoiuiHJsKEf5gRTSChKgpxxxttYwSbkzaiHnDwiVD953LjGEgmyKPuSRQR4DQAEi1H1furtBRL".to_owned(),
            },
            Self {
                alias: "companion".to_owned(),
                hash: hash(COMPANION_KEY),
                public_key: COMPANION_KEY.to_owned(),
                proof: "BLsigBGDCLj4Eoo7DgnGPkA8zjyGqjgXnqEkrhxyenM7HxdrGSoZYykC4pGUuqZ74aPSmBxLprF9gfb8HvKZoiz82VnKvsHC7vokUFSbR2e9uAkVQZejypLdVKG5FFZDgnszVx91ykidUS".to_owned(),
            },
        ]
    }

    /// A key that follows from `seed`: other seeds, other keys.
    #[must_use]
    pub fn of_seed(alias: &str, seed: &str) -> Self {
        let key = Blake2b::<U48>::digest(seed.as_bytes());
        let mut proof = signature_of(seed, b"proof of possession");
        proof.splice(..0, BLSIG);
        Self {
            alias: alias.to_owned(),
            hash: KeyHash::of_public_key(Curve::Bls, &key).unwrap_or(KeyHash::new(Curve::Bls, [0; 20])),
            public_key: bs58::encode(BLPK.into_iter().chain(key).collect::<Vec<_>>()).with_check().into_string(),
            proof: bs58::encode(proof).with_check().into_string(),
        }
    }
}

const CONSENSUS_KEY: &str = "BLpk1truCHaYcmAyFGKssDekxKyQUiPGvPsfULmftoAYNLsrB1RWMwnA94DArEHaJM6H9iZ6TkUg";
const COMPANION_KEY: &str = "BLpk1tjcQRtPLRypXCaQzUzUTUhgsD2wwfGXLK5v3jQFhtUwkTNvNyzCiNAJm4mm66eCSjdiUcBq";

/// The hash of a public key in base58; the two above are tested to be what the vectors say.
fn hash(public_key: &str) -> KeyHash {
    let bytes = bs58::decode(public_key).with_check(None).into_vec().unwrap_or_default();
    let key = bytes.strip_prefix(&BLPK).unwrap_or_default();
    KeyHash::of_public_key(Curve::Bls, key).unwrap_or(KeyHash::new(Curve::Bls, [0; 20]))
}

/// 96 bytes that follow from a key and a message, in place of a BLS signature.
pub(super) fn signature_of(key: &str, message: &[u8]) -> Vec<u8> {
    let first = Blake2b::<U64>::new().chain_update(key.as_bytes()).chain_update(message).finalize();
    let second = Blake2b::<U64>::new().chain_update(first).finalize();
    first.into_iter().chain(second).take(96).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recorded_keys_hash_to_the_recorded_addresses() {
        let [consensus, companion] = SimKey::recorded();
        assert_eq!(consensus.hash.to_string(), "tz4NTHPSqmuoo3o8BnQK5Bjhe9GxCUNvNkEh");
        assert_eq!(companion.hash.to_string(), "tz4TBsusTnx4Wmxq2ge57JMWTSnR2fqkg2JX");
    }

    #[test]
    fn made_keys_look_like_keys() {
        let (one, two) = (SimKey::of_seed("consensus", "1"), SimKey::of_seed("consensus", "2"));
        assert_ne!(one.hash, two.hash);
        assert!(one.public_key.starts_with("BLpk1") && one.proof.starts_with("BLsig"));
        assert_eq!(one.public_key.len(), CONSENSUS_KEY.len());
    }
}
