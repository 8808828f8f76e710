//! The files' JSON, as the three programs write it. Unknown fields are passed over, missing ones are errors.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use crate::tezos::{KeyHash, Level, Round};

/// octez-baker's file. A list that is there twice counts twice.
#[derive(Debug)]
pub(super) struct BakerFile {
    pub(super) blocks: Vec<BakerEntry>,
    pub(super) preattestations: Vec<BakerEntry>,
    pub(super) attestations: Vec<BakerEntry>,
}

#[derive(Debug, Deserialize)]
pub(super) struct BakerEntry {
    pub(super) delegate: KeyHash,
    pub(super) highwatermark: BakerMark,
}

#[derive(Debug, Deserialize)]
pub(super) struct BakerMark {
    pub(super) level: Level,
    pub(super) round: Round,
}

/// octez-signer's file: chain ids, in each the keys.
pub(super) type SignerFile = Pairs<Pairs<SignerMark>>;

/// What octez-signer's file has for one key. On another chain it may be anything.
#[derive(Debug, Deserialize)]
pub(super) struct SignerMark {
    pub(super) level: u64,
    pub(super) round: Option<Round>,
}

/// Signatory's file: keys, in each the kinds.
pub(super) type SignatoryFile = Pairs<Pairs<SignatoryMark>>;

/// What Signatory's file has for one kind of one key.
#[derive(Debug, Deserialize)]
pub(super) struct SignatoryMark {
    pub(super) level: u64,
    pub(super) round: Round,
}

/// A JSON object as it is written: a name that is there twice is there twice.
#[derive(Debug)]
pub(super) struct Pairs<V>(pub(super) Vec<(String, V)>);

struct PairsVisitor<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for PairsVisitor<V> {
    type Value = Pairs<V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Pairs(pairs))
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Pairs<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor(PhantomData))
    }
}

struct BakerVisitor;

impl<'de> Visitor<'de> for BakerVisitor {
    type Value = BakerFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with three lists of marks")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut blocks, mut preattestations, mut attestations) = (None, None, None);
        while let Some(name) = map.next_key::<String>()? {
            let list = match name.as_str() {
                "blocks" => &mut blocks,
                "preattestations" => &mut preattestations,
                "attestations" => &mut attestations,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            list.get_or_insert_with(Vec::new).extend(map.next_value::<Vec<BakerEntry>>()?);
        }
        let there = |list: Option<_>, name| list.ok_or_else(|| A::Error::missing_field(name));
        Ok(BakerFile {
            blocks: there(blocks, "blocks")?,
            preattestations: there(preattestations, "preattestations")?,
            attestations: there(attestations, "attestations")?,
        })
    }
}

impl<'de> Deserialize<'de> for BakerFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(BakerVisitor)
    }
}
