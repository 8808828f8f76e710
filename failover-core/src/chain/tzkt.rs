//! TzKT, an indexer, as a chain source.
//!
//! The paths that are asked; `B` is the baker, `L` a level, `H` a block's hash. The shapes are those of its C# models
//! (read in November 2026; nulls are left out, a thing that is not there is 204 or an empty list):
//!
//! | path | for |
//! |---|---|
//! | `/v1/head` | the highest level that is indexed, not the one its node knows (`knownLevel`) |
//! | `/v1/blocks/H` | the head's round |
//! | `/v1/blocks/L` | agreement of two sources |
//! | `/v1/operations/attestations?delegate=B...` | the last vote; its `level` is the including block's |
//! | `/v1/operations/preattestations?delegate=B...` | the last preattestation; its `level` is the one it is for |
//! | `/v1/blocks?anyof.proposer.producer=B...` | the last block, of whichever of its two bakers |
//! | `/v1/rights?baker=B...` | blocks and votes to come |

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::block::level;
use super::octez::ANSWER_DEADLINE;
use super::{Ahead, ChainError, ChainLevelSource, Head, LastSigned, Rights, Rpc, answer};
use crate::clock::Timestamp;
use crate::tezos::{BlockHash, ChainId, KeyHash, Kind, Level, Round};

mod rights;

/// Most bytes of an answer; all of them are a few kilobytes, rights a few hundred.
const MOST: usize = 1 << 20;

/// TzKT, over whatever carries its API: HTTP, or a simulated one.
#[derive(Debug)]
pub struct Tzkt<R> {
    rpc: R,
    deadline: Duration,
}

#[cfg(feature = "http")]
impl Tzkt<super::http::Http> {
    /// TzKT at a URL, `https://api.tzkt.io`, with `/v1` at its end or without. Nothing is asked yet.
    ///
    /// # Errors
    /// [`ChainError::Unreachable`] where the text is no http or https URL.
    pub fn connect(url: &str) -> Result<Self, ChainError> {
        let wrong = |error: super::SourceUrlError| ChainError::Unreachable {
            source_name: "tzkt".to_owned(),
            why: error.to_string(),
        };
        Ok(Self::at(&url.parse().map_err(wrong)?))
    }

    /// The same at a URL that was read already.
    #[must_use]
    pub fn at(url: &super::SourceUrl) -> Self {
        Self::new(super::http::Http::of("tzkt", &url.without_end("/v1")))
    }
}

impl<R: Rpc> Tzkt<R> {
    /// TzKT carried by `rpc`; each question has [`ANSWER_DEADLINE`].
    #[must_use]
    pub const fn new(rpc: R) -> Self {
        Self { rpc, deadline: ANSWER_DEADLINE }
    }

    /// The same with another deadline for each question.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    fn ask<T: DeserializeOwned>(&mut self, path: &str) -> Result<T, ChainError> {
        self.ask_within(path, self.deadline)
    }

    fn ask_within<T: DeserializeOwned>(&mut self, path: &str, deadline: Duration) -> Result<T, ChainError> {
        let body = self.rpc.get(path, deadline, MOST)?;
        answer::parse(&body).map_err(|why| self.malformed(path, why))
    }

    fn malformed(&self, path: &str, why: String) -> ChainError {
        ChainError::Malformed { source_name: self.rpc.name().to_owned(), path: path.to_owned(), why }
    }

    /// The last thing of one kind; `None` where the list is empty. `behind`: how far the signed level is below the
    /// block's.
    fn last(&mut self, path: &str, baker: &KeyHash, kind: Kind, behind: u64) -> Result<Option<LastSigned>, ChainError> {
        let path = format!("{path}={baker}&sort.desc=level&limit=1");
        let mut last: Option<Level> = None;
        for signed in self.ask::<Vec<RawSigned>>(&path)? {
            let level = signed.level(baker, behind).map_err(|why| self.malformed(&path, why))?;
            last = last.max(Some(level));
        }
        Ok(last.map(|level| LastSigned { kind, level }))
    }
}

impl<R: Rpc> ChainLevelSource for Tzkt<R> {
    fn name(&self) -> &str {
        self.rpc.name()
    }

    fn head(&mut self) -> Result<Head, ChainError> {
        let path = "/v1/head";
        let head: RawHead = self.ask(path)?;
        let at = level(head.level).map_err(|why| self.malformed(path, why))?;
        // By its hash: a reorganisation between the two questions cannot mix two blocks.
        let path = format!("/v1/blocks/{}", head.hash);
        let block: RawBlock = self.ask(&path)?;
        if block.hash != head.hash || block.level != head.level {
            return Err(self.malformed(&path, format!("block {} {}", block.level, block.hash)));
        }
        let RawHead { hash, timestamp, chain_id, protocol, .. } = head;
        Ok(Head { level: at, round: Round(block.block_round), hash, timestamp, chain_id, protocol })
    }

    fn hash_at(&mut self, level: Level) -> Result<BlockHash, ChainError> {
        let path = format!("/v1/blocks/{}", level.get());
        let block: RawBlock = self.ask(&path)?;
        if block.level != level.get() {
            return Err(self.malformed(&path, format!("block {}", block.level)));
        }
        Ok(block.hash)
    }

    /// An empty list is no signature of that kind known, and the kind is left out.
    fn last_signed(&mut self, baker: &KeyHash) -> Result<Option<Vec<LastSigned>>, ChainError> {
        let found = [
            self.last("/v1/operations/attestations?delegate", baker, Kind::Attestation, 1)?,
            self.last("/v1/operations/preattestations?delegate", baker, Kind::Preattestation, 0)?,
            self.last("/v1/blocks?anyof.proposer.producer", baker, Kind::Block, 0)?,
        ];
        Ok(Some(found.into_iter().flatten().collect()))
    }

    fn rights(&mut self, baker: &KeyHash, ahead: &Ahead, within: Duration) -> Result<Option<Rights>, ChainError> {
        self.rights_ahead(baker, ahead, within).map(Some)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawHead {
    chain_id: ChainId,
    level: u64,
    hash: BlockHash,
    protocol: String,
    timestamp: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawBlock {
    level: u64,
    hash: BlockHash,
    block_round: u32,
}

#[derive(Deserialize)]
struct RawAccount {
    address: KeyHash,
}

/// A vote or a block.
#[derive(Deserialize)]
struct RawSigned {
    level: u64,
    delegate: Option<RawAccount>,
    proposer: Option<RawAccount>,
    producer: Option<RawAccount>,
}

impl RawSigned {
    /// The level that was signed, where it is the baker's: an answer that ignored the filter is no answer.
    fn level(&self, baker: &KeyHash, behind: u64) -> Result<Level, String> {
        let whose = [&self.delegate, &self.proposer, &self.producer];
        if !whose.into_iter().flatten().any(|account| account.address == *baker) {
            return Err(format!("level {} of another baker than {baker}", self.level));
        }
        level(self.level)?.below(behind).ok_or_else(|| format!("a vote for level 0 in block {}", self.level))
    }
}
