//! The consensus operations of a block, as JSON.
//!
//! Typed and borrowed: fields that are not needed are skipped, not kept, so that a block of some hundred votes costs
//! little. A vote's delegate is compared as text, because decoding every address would cost more than reading the block.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use crate::chain::octez::Number;

/// One operation of the first validation pass.
#[derive(Debug, Deserialize)]
pub(in crate::chain) struct Operation<'a> {
    #[serde(borrow)]
    pub(super) contents: Vec<Content<'a>>,
}

/// What it says; which fields are there depends on its kind.
#[derive(Debug, Deserialize)]
pub(super) struct Content<'a> {
    pub(super) kind: &'a str,
    /// A single vote's level and round.
    pub(super) level: Option<u64>,
    pub(super) round: Option<u32>,
    /// An aggregate's.
    pub(super) consensus_content: Option<Consensus>,
    /// An aggregate's slots, `{"slot":0}` or plain numbers: only how many matters.
    pub(super) committee: Option<Vec<IgnoredAny>>,
    #[serde(borrow, default)]
    pub(super) metadata: Receipt<'a>,
}

/// Where an aggregate votes.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Consensus {
    pub(super) level: u64,
    pub(super) round: u32,
}

/// What the protocol wrote down when it applied the operation.
#[derive(Debug, Default)]
pub(super) enum Receipt<'a> {
    /// No such field, or `null`: the node has pruned it, or was told not to keep it.
    #[default]
    Missing,
    /// A text in its place: `too large`.
    Instead(String),
    /// The receipt.
    Of(Fields<'a>),
}

/// A receipt's fields; which are there depends on the kind.
#[derive(Debug, Deserialize)]
pub(super) struct Fields<'a> {
    /// A single vote's baker.
    pub(super) delegate: Option<&'a str>,
    /// A single vote's power; before protocol 024 also an aggregate's total.
    pub(super) consensus_power: Option<Power>,
    /// An aggregate's bakers.
    #[serde(borrow)]
    pub(super) committee: Option<Vec<Member<'a>>>,
    /// An aggregate's total since protocol 024.
    pub(super) total_consensus_power: Option<Power>,
}

/// A baker in an aggregate.
#[derive(Debug, Deserialize)]
pub(super) struct Member<'a> {
    pub(super) delegate: &'a str,
    pub(super) consensus_power: Power,
}

/// The power of a vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Power {
    /// How many slots of the committee.
    pub(super) slots: u128,
    /// Baking power, where all bakers attest.
    pub(super) baking: Option<u128>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Receipt<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Shapes;

        impl<'de> Visitor<'de> for Shapes {
            type Value = Receipt<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an operation's metadata")
            }

            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(Receipt::Missing)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Receipt::Instead(crate::chain::text::clipped(text, 40)))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Fields::deserialize(MapAccessDeserializer::new(map)).map(Receipt::Of)
            }
        }

        deserializer.deserialize_any(Shapes)
    }
}

impl<'de> Deserialize<'de> for Power {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Shapes;

        impl<'de> Visitor<'de> for Shapes {
            type Value = Power;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of slots, or slots and baking power")
            }

            /// Protocols 019 to 023.
            fn visit_u64<E: Error>(self, slots: u64) -> Result<Power, E> {
                Ok(Power { slots: slots.into(), baking: None })
            }

            /// Since protocol 024.
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Power, A::Error> {
                #[derive(Deserialize)]
                struct Both {
                    slots: Number,
                    #[serde(deserialize_with = "Option::deserialize")]
                    baking_power: Option<Number>,
                }
                let both = Both::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Power { slots: both.slots.0, baking: both.baking_power.map(|n| n.0) })
            }
        }

        deserializer.deserialize_any(Shapes)
    }
}
