//! `/blocks/<id>/header`: where a block is, and which rounds it speaks of.

use serde::Deserialize;

use crate::chain::Head;
use crate::clock::Timestamp;
use crate::tezos::{BlockHash, ChainId, Level, Round};

/// A header's parts that say where its block is. Deserialising checks them against each other.
///
/// Shape: Octez v25.1, Tenderbake protocols (fitness version 02).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Raw")]
pub(in crate::chain) struct Header {
    /// The protocol that made the block.
    pub(in crate::chain) protocol: String,
    /// Its chain.
    pub(in crate::chain) chain_id: ChainId,
    /// Its hash.
    pub(in crate::chain) hash: BlockHash,
    /// Its level.
    pub(in crate::chain) level: Level,
    /// Its round.
    pub(in crate::chain) round: Round,
    /// The block before it.
    pub(in crate::chain) predecessor: BlockHash,
    /// The round of the block before it: what attestations in this block are for.
    pub(in crate::chain) predecessor_round: Round,
    /// On a re-proposal the round that its preattestations are for.
    pub(in crate::chain) locked_round: Option<Round>,
    /// The round in which its payload was first proposed; at most `round`.
    pub(in crate::chain) payload_round: Round,
    /// Its own time.
    pub(in crate::chain) timestamp: Timestamp,
}

impl From<Header> for Head {
    fn from(header: Header) -> Self {
        Self {
            level: header.level,
            round: header.round,
            hash: header.hash,
            timestamp: header.timestamp,
            chain_id: header.chain_id,
            protocol: header.protocol,
        }
    }
}

#[derive(Deserialize)]
struct Raw {
    protocol: String,
    chain_id: ChainId,
    hash: BlockHash,
    level: u64,
    predecessor: BlockHash,
    timestamp: Timestamp,
    fitness: Vec<String>,
    payload_round: u32,
}

impl TryFrom<Raw> for Header {
    type Error = String;

    fn try_from(raw: Raw) -> Result<Self, String> {
        let level = level(raw.level)?;
        let fitness: Vec<&str> = raw.fitness.iter().map(String::as_str).collect();
        let [version, shown_level, locked, before, this] = fitness.as_slice() else {
            return Err(format!("a fitness of {} fields where Tenderbake has 5", fitness.len()));
        };
        if *version != "02" {
            return Err(format!("fitness version {version:.8?}, not \"02\""));
        }
        if u64::from(word(shown_level)?) != raw.level {
            return Err(format!("level {} but a fitness of level {}", raw.level, word(shown_level)?));
        }
        let round = round(word(this)?)?;
        let locked_round = if locked.is_empty() { None } else { Some(self::round(word(locked)?)?) };
        let payload_round = self::round(raw.payload_round)?;
        if payload_round > round || locked_round.is_some_and(|locked| locked >= round) {
            return Err(format!("round {round} with payload round {payload_round} and locked round {locked:?}"));
        }
        Ok(Self {
            protocol: raw.protocol,
            chain_id: raw.chain_id,
            hash: raw.hash,
            level,
            round,
            predecessor: raw.predecessor,
            // Written as -round - 1 in two's complement.
            predecessor_round: self::round(!word(before)?)?,
            locked_round,
            payload_round,
            timestamp: raw.timestamp,
        })
    }
}

/// A level as the protocol can have it: 1 to 2^31 - 1. Zero is how unknown looks (S3).
pub(in crate::chain) fn level(number: u64) -> Result<Level, String> {
    match Level::new(number) {
        Some(level) if number <= Level::PROTOCOL_MAX => Ok(level),
        _ => Err(format!("level {number}, not one from 1 to {}", Level::PROTOCOL_MAX)),
    }
}

fn round(number: u32) -> Result<Round, String> {
    i32::try_from(number).map(|_| Round(number)).map_err(|_| format!("round {number}, more than 31 bits"))
}

/// Four bytes in big-endian hexadecimal.
fn word(text: &str) -> Result<u32, String> {
    let mut bytes = [0; 4];
    hex::decode_to_slice(text, &mut bytes).map_err(|e| format!("fitness field {text:.16?}: {e}"))?;
    Ok(u32::from_be_bytes(bytes))
}
