//! A vote that the node has not checked, with its signature: whether a tz1 key has made it can be told here.
//!
//! The signed bytes are those of `operation_repr.ml` (Octez v25.1): a magic byte, the chain, the branch, a tag, slot, level,
//! round and payload, and for one with DAL content its bits; ed25519 signs their blake2b-256. tz2, tz3 and tz4 keys are not
//! verified: their votes stay rumours until the node has checked them.

use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};
use ed25519_compact::{PublicKey, Signature};

use crate::tezos::{ChainId, Curve, KeyHash, Kind, Position, base58};

const BRANCH: [u8; 2] = [0x01, 0x34];
const PAYLOAD: [u8; 3] = [0x01, 0x6a, 0xf2];
/// `sig...` of any curve but BLS, and `edsig...`.
const SIGNATURES: [&[u8]; 2] = [&[0x04, 0x82, 0x2b], &[0x09, 0xf5, 0xcd, 0x86, 0x12]];
const PUBLIC_KEY: [u8; 4] = [0x0d, 0x0f, 0x25, 0xd9];
/// Most digits of DAL content: 160 slots at five lags are 800 bits.
const DAL_DIGITS: usize = 300;

/// A tz1 key, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ed25519 {
    bytes: [u8; 32],
}

impl Ed25519 {
    /// The key with this hash; `None` where it is of another curve, or another key.
    pub(super) fn read(hash: &KeyHash, public: &str) -> Option<Self> {
        let bytes: [u8; 32] = base58::decode(public, &PUBLIC_KEY, "a tz1 public key").ok()?;
        let same = KeyHash::of_public_key(Curve::Ed25519, &bytes).is_ok_and(|of| of == *hash);
        same.then_some(Self { bytes })
    }
}

/// What a vote says of who signed it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Claim {
    magic: u8,
    /// Branch and contents, as they are hashed.
    contents: Vec<u8>,
    signature: [u8; 64],
}

/// A vote's parts, as the node shows them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown<'a> {
    pub(super) kind: Kind,
    pub(super) at: Position,
    pub(super) slot: u16,
    pub(super) branch: &'a str,
    pub(super) payload: &'a str,
    /// In decimal digits; `None`: it carries none.
    pub(super) dal: Option<&'a str>,
    pub(super) signature: &'a str,
}

impl Claim {
    /// `None` where the signature is a BLS one, or anything is not what it should be.
    pub(super) fn of(shown: Shown<'_>) -> Option<Self> {
        let Shown { kind, at, slot, branch, payload, dal, signature } = shown;
        let signature = SIGNATURES.iter().find_map(|prefix| base58::decode(signature, prefix, "a signature").ok())?;
        let (magic, tag) = match (kind, dal) {
            (Kind::Preattestation, None) => (0x12, 20),
            (Kind::Attestation, None) => (0x13, 21),
            (Kind::Attestation, Some(_)) => (0x13, 23),
            _ => return None,
        };
        let (branch, payload): ([u8; 32], [u8; 32]) =
            (base58::decode(branch, &BRANCH, "a block").ok()?, base58::decode(payload, &PAYLOAD, "a payload").ok()?);
        let mut contents = branch.to_vec();
        contents.push(tag);
        contents.extend(slot.to_be_bytes());
        contents.extend(i32::try_from(at.level.get()).ok()?.to_be_bytes());
        contents.extend(i32::try_from(at.round.0).ok()?.to_be_bytes());
        contents.extend(payload);
        if let Some(dal) = dal {
            contents.extend(zarith(dal)?);
        }
        Some(Self { magic, contents, signature })
    }

    /// Has this key signed it, on this chain?
    pub(super) fn is_signed_by(&self, key: &Ed25519, chain: ChainId) -> bool {
        let mut hash = Blake2b::<U32>::new();
        [&[self.magic], &chain.bytes()[..], &self.contents].iter().for_each(|part| hash.update(part));
        let digest: [u8; 32] = hash.finalize().into();
        PublicKey::new(key.bytes).verify(digest, &Signature::new(self.signature)).is_ok()
    }

    /// The operation's hash: of what it has beside the magic byte and the chain, and of its signature.
    #[cfg(test)]
    fn operation(&self) -> [u8; 32] {
        let mut hash = Blake2b::<U32>::new();
        [&self.contents[..], &self.signature].iter().for_each(|part| hash.update(part));
        hash.finalize().into()
    }
}

/// A number as Octez forges it: the lowest six bits and a sign, then seven bits a byte.
fn zarith(digits: &str) -> Option<Vec<u8>> {
    let short = !digits.is_empty() && digits.len() <= DAL_DIGITS;
    let mut number: Vec<u32> =
        digits.chars().map(|digit| digit.to_digit(10)).collect::<Option<_>>().filter(|_| short)?;
    let mut bytes = Vec::new();
    loop {
        let (mut rest, unit) = (0, if bytes.is_empty() { 64 } else { 128 });
        for digit in &mut number {
            let value = rest * 10 + *digit;
            (*digit, rest) = (value / unit, value % unit);
        }
        let more = number.iter().any(|digit| *digit > 0);
        bytes.push(u8::try_from(rest).ok()? | if more { 0x80 } else { 0 });
        if !more {
            return Some(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use ed25519_compact::{KeyPair, Seed};

    use super::*;
    use crate::tezos::{Level, Round};

    fn keys() -> (KeyPair, Ed25519, KeyHash) {
        let pair = KeyPair::from_seed(Seed::new([7; 32]));
        let bytes = *pair.pk;
        let hash = KeyHash::of_public_key(Curve::Ed25519, &bytes).unwrap();
        (pair, Ed25519::read(&hash, &base58::encode(&PUBLIC_KEY, &bytes)).unwrap(), hash)
    }

    /// Every tz1 to tz3 vote of a real block: hashed with its signature, it is the operation's hash on the chain.
    #[test]
    fn what_is_hashed_is_what_a_real_block_has() {
        let block = include_str!("../../../tests/data/samples/tallinnnet-024-abaab-block1839179-operations0.json");
        let block: serde_json::Value = serde_json::from_str(block).unwrap();
        let mut found = 0;
        for operation in block.as_array().unwrap() {
            let content = &operation["contents"][0];
            let kind = match content["kind"].as_str().unwrap() {
                "attestation" | "attestation_with_dal" => Kind::Attestation,
                "preattestation" => Kind::Preattestation,
                _ => continue,
            };
            let number = |name: &str| content[name].as_u64().unwrap();
            let claim = Claim::of(Shown {
                kind,
                at: Position::new(Level::new(number("level")).unwrap(), Round(u32::try_from(number("round")).unwrap())),
                slot: u16::try_from(number("slot")).unwrap(),
                branch: operation["branch"].as_str().unwrap(),
                payload: content["block_payload_hash"].as_str().unwrap(),
                dal: content["dal_attestation"].as_str(),
                signature: operation["signature"].as_str().unwrap(),
            });
            let hash = claim.unwrap().operation();
            assert_eq!(base58::encode(&[0x05, 0x74], &hash), operation["hash"].as_str().unwrap());
            found += 1;
        }
        assert_eq!(found, 6);
    }

    #[test]
    fn a_signature_is_good_for_its_key_its_chain_and_its_content() {
        let (pair, key, hash) = keys();
        let at = |level| Position::new(Level::new(level).unwrap(), Round(1));
        let (branch, payload) = (base58::encode(&BRANCH, &[1; 32]), base58::encode(&PAYLOAD, &[2; 32]));
        let claim = |level, dal, signature: &str| {
            let (branch, payload) = (&*branch, &*payload);
            Claim::of(Shown { kind: Kind::Attestation, at: at(level), slot: 3, branch, payload, dal, signature })
        };
        let none = base58::encode(SIGNATURES[0], &[0; 64]);
        let unsigned = claim(1000, Some("5"), &none).unwrap();
        assert!(!unsigned.is_signed_by(&key, ChainId::MAINNET));
        let message = [&[0x13], &ChainId::MAINNET.bytes()[..], &unsigned.contents].concat();
        let signature = pair.sk.sign(<[u8; 32]>::from(Blake2b::<U32>::digest(message)), None);
        for prefix in SIGNATURES {
            let text = base58::encode(prefix, &*signature);
            assert!(claim(1000, Some("5"), &text).unwrap().is_signed_by(&key, ChainId::MAINNET));
            assert!(!claim(1001, Some("5"), &text).unwrap().is_signed_by(&key, ChainId::MAINNET));
            assert!(!claim(1000, Some("6"), &text).unwrap().is_signed_by(&key, ChainId::MAINNET));
            assert!(!claim(1000, None, &text).unwrap().is_signed_by(&key, ChainId::MAINNET));
            assert!(!claim(1000, Some("5"), &text).unwrap().is_signed_by(&key, ChainId::new([1; 4])));
        }
        // A BLS signature, and what is none at all.
        assert_eq!(claim(1000, None, &base58::encode(&[0x28, 0xab, 0x40, 0xcf], &[0; 96])), None);
        assert_eq!(claim(1000, Some(""), &none), None);
        assert_eq!(claim(1000, Some("1e3"), &none), None);
        // Another key's bytes under this hash are not that key.
        assert_eq!(Ed25519::read(&hash, &base58::encode(&PUBLIC_KEY, &[9; 32])), None);
    }

    #[test]
    fn numbers_as_octez_forges_them() {
        let known: [(&str, &[u8]); 5] =
            [("0", &[0]), ("63", &[63]), ("64", &[0x80, 1]), ("256", &[0x80, 4]), ("8192", &[0x80, 0x80, 1])];
        for (digits, bytes) in known {
            assert_eq!(zarith(digits).as_deref(), Some(bytes), "{digits}");
        }
        assert_eq!(zarith(&"9".repeat(301)), None);
        assert!(zarith(&"9".repeat(300)).is_some());
    }
}
