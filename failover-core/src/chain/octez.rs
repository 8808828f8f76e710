//! An Octez node as a chain source.
//!
//! The RPC paths that are asked, all below `/chains/main`; `B` is the baker, `H` a block's hash, `L` a level
//! (shapes: Octez v25.1, protocols 023 to 025):
//!
//! | path | for |
//! |---|---|
//! | `/blocks/head/header` | the head |
//! | `/blocks/L/hash` | agreement of two sources |
//! | `/blocks/L/header`, `/blocks/H/header` | which block is at a level; everything else of it is asked by its hash |
//! | `/blocks/H/metadata`, `/blocks/H/operations/0?metadata=always` | who signed what |
//! | `/blocks/L/helpers/validators?level=L&delegate=B` | had the baker the right to vote at `L`? |
//! | `/blocks/head/helpers/validators?level=L&delegate=B` | the baker's slot, for votes in the mempool |
//! | `/blocks/H/helpers/validators?delegate=B&level=L...`, `/blocks/H/helpers/baking_rights?...` | votes and blocks to come |
//! | `/blocks/head/context/constants`, `/blocks/H/context/constants` | block times, cycle length, penalties |
//! | `/blocks/H/context/issuance/expected_issuance` | what blocks and votes pay |
//! | `/blocks/H/context/delegates/B/participation`, `.../total_staked`, `.../own_staked` | what the baker has at stake |
//! | `/blocks/H/context/delegates/B` | keys, standing, missed levels |
//! | `/blocks/H/helpers/validators?level=L...` | which baker has these keys? For a suggestion only |
//! | `/is_bootstrapped` | in step with its peers? |
//! | `/active_peers_heads` | the peers' heads |
//! | `/mempool/monitor_operations?...&validation_pass=0` | votes as the node hears them |
//! | `/mempool/pending_operations?version=2&validation_pass=0` | votes that are in no block yet, where it does not let itself be listened to |
//!
//! A foreign node denies `helpers/*`, `active_peers_heads`, `monitor_operations` and nothing else of these (`RPC_server.ml`, Octez v25.1).

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::activity::{self, InBlock, Reading, Wrong};
use super::answer;
use super::block::{Header, Metadata};
use super::rpc::failed;
use super::scan::{Broken, Scanner};
use super::{
    Ahead, ChainError, ChainLevelSource, ChainNode, Constants, Delegate, Earnings, Head, LevelActivity,
    PROTOCOL_LOOK_BACK, PeerHead, Pooled, Rights, Rpc, Signed, SyncState,
};
use crate::tezos::{BlockHash, KeyHash, Kind, Level};

mod bakers;
mod baking_rights;
mod claim;
mod delegate;
mod earnings;
mod headers;
mod issuance;
mod mempool;
mod monitor;
mod pool;
mod rights;
mod small;

use headers::Headers;

/// How long a node may take for a whole answer; a synced one needs milliseconds, a busy one a second or two.
pub const ANSWER_DEADLINE: Duration = Duration::from_secs(10);

/// Most bytes of a small answer.
const SMALL: usize = 1 << 20;
/// Most bytes of an answer that grows with the chain: some hundred votes of about 700 bytes each, the balance updates
/// at a cycle's end, a baker with thousands of delegators and stakers.
const LARGE: usize = 16 << 20;
/// Most bytes of the fields of a block's metadata that matter: some hundred.
const FIELDS: usize = 16 << 10;
/// Most bytes of the mempool's consensus operations.
const MEMPOOL: usize = 4 << 20;
/// Blocks whose reading is kept: the one after a level is the level's own in the next question.
const BLOCKS_KEPT: usize = 8;
/// Levels whose slot is kept.
const SLOTS_KEPT: usize = 256;
/// Blocks whose metadata are kept: the head's are asked for by what reads its votes and by what reads the baker's keys.
const METADATA_KEPT: usize = 4;

/// An Octez node, over whatever carries its RPC: HTTP, or a simulated node.
///
/// ```no_run
/// # #[cfg(feature = "http")] {
/// use failover_core::chain::{ChainLevelSource, octez::OctezNode};
/// let mut node = OctezNode::connect("http://127.0.0.1:8732")?;
/// let head = node.head()?;
/// println!("{}: level {}, round {}, {}", node.name(), head.level, head.round, head.timestamp);
/// # }
/// # Ok::<(), failover_core::chain::ChainError>(())
/// ```
#[derive(Debug)]
pub struct OctezNode<R> {
    rpc: R,
    deadline: Duration,
    /// Blocks are immutable: what a baker signed in one is kept by hash.
    blocks: VecDeque<(BlockHash, KeyHash, InBlock)>,
    /// Rights are settled cycles ahead: a reorganisation does not change them.
    slots: HashMap<(KeyHash, Level), Option<u16>>,
    pool: pool::Pool,
    headers: Headers,
    /// Of the newest blocks, by hash.
    metadata: VecDeque<(BlockHash, Metadata)>,
}

#[cfg(feature = "http")]
impl OctezNode<super::http::Http> {
    /// A node at a URL, `http://127.0.0.1:8732`. Nothing is asked yet.
    ///
    /// # Errors
    /// [`ChainError::Unreachable`] where the text is no http or https URL.
    pub fn connect(url: &str) -> Result<Self, ChainError> {
        super::http::Http::new(url).map(Self::new)
    }

    /// The same at a URL that was read already.
    #[must_use]
    pub fn at(url: &super::SourceUrl) -> Self {
        Self::new(super::http::Http::of("node", url))
    }
}

impl<R: Rpc> OctezNode<R> {
    /// A node whose RPC is carried by `rpc`; each question has [`ANSWER_DEADLINE`].
    #[must_use]
    pub fn new(rpc: R) -> Self {
        Self {
            rpc,
            deadline: ANSWER_DEADLINE,
            blocks: VecDeque::new(),
            slots: HashMap::new(),
            pool: pool::Pool::default(),
            headers: Headers::default(),
            metadata: VecDeque::new(),
        }
    }

    /// The same with another deadline for each question.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    fn get(&mut self, path: &str, limit: usize) -> Result<Vec<u8>, ChainError> {
        self.rpc.get(path, self.deadline, limit)
    }

    fn ask<T: DeserializeOwned>(&mut self, path: &str) -> Result<T, ChainError> {
        self.ask_up_to(path, SMALL)
    }

    fn ask_up_to<T: DeserializeOwned>(&mut self, path: &str, limit: usize) -> Result<T, ChainError> {
        let body = self.get(path, limit)?;
        answer::parse(&body).map_err(self.malformed(path))
    }

    fn malformed(&self, path: &str) -> impl FnOnce(String) -> ChainError {
        let (source_name, path) = (self.rpc.name().to_owned(), path.to_owned());
        move |why| ChainError::Malformed { source_name, path, why }
    }

    /// The header of a block of the chain that the head was read of.
    fn header_at(&mut self, level: Level) -> Result<Header, ChainError> {
        let expected = self.headers.hash_at(level);
        if let Some(known) = expected.and_then(|hash| self.headers.of(&hash)) {
            return Ok(known.clone());
        }
        let header: Header = self.ask(&format!("/chains/main/blocks/{}/header", level.get()))?;
        if header.level != level {
            let why = format!("the node answered with block {:#}", header.level);
            return Err(ChainError::Incomplete { level, why, seen: Vec::new() });
        }
        if expected.is_some_and(|hash| hash != header.hash) {
            // The chain was reorganised since the head was read.
            self.headers = Headers::default();
        }
        self.headers.keep(&header);
        Ok(header)
    }

    /// The few fields of a block's metadata that matter, out of megabytes.
    fn metadata(&mut self, block: &BlockHash) -> Result<Result<Metadata, String>, ChainError> {
        if let Some((_, known)) = self.metadata.iter().find(|(hash, _)| hash == block) {
            return Ok(Ok(known.clone()));
        }
        let path = format!("/chains/main/blocks/{block}/metadata");
        let mut body = self.rpc.open(&path, self.deadline, LARGE)?;
        let mut json = Scanner::new(&mut *body);
        let fields = json.begins().and_then(|()| json.only(answer::fields::<Metadata>(), FIELDS)).and_then(|fields| {
            json.end()?;
            Ok(fields)
        });
        let fields = fields.map_err(|fault| self.broken(*fault, &path))?;
        // JSON that is not of its shape makes the block incomplete, not the node suspect.
        let found: Result<Metadata, String> = answer::parse(&fields);
        if let Ok(metadata) = &found {
            if self.metadata.len() >= METADATA_KEPT {
                self.metadata.pop_front();
            }
            self.metadata.push_back((*block, metadata.clone()));
        }
        Ok(found)
    }

    /// The baker's consensus keys, active and pending, that are tz1 keys.
    fn tz1_keys(&mut self, baker: &KeyHash) -> Result<Vec<claim::Ed25519>, ChainError> {
        let path = format!("/chains/main/blocks/head/context/delegates/{baker}");
        Ok(self.ask_up_to::<delegate::RawDelegate>(&path, LARGE)?.tz1_keys())
    }

    fn broken(&self, broken: Broken, path: &str) -> ChainError {
        match broken {
            Broken::Source(error) => error,
            Broken::NotJson(why) => self.malformed(path)(why),
        }
    }

    fn in_block(&mut self, baker: &KeyHash, header: &Header) -> Result<InBlock, ChainError> {
        if let Some((_, _, known)) = self.blocks.iter().find(|(hash, whose, _)| *hash == header.hash && whose == baker)
        {
            return Ok(known.clone());
        }
        let incomplete = |why, seen| ChainError::Incomplete { level: header.level, why, seen };
        let hash = header.hash.to_string();
        let metadata = match self.metadata(&header.hash) {
            Ok(metadata) => metadata.map_err(|why| incomplete(why, Vec::new())),
            // It answers, only not with that: the votes are looked at all the same.
            Err(error @ (ChainError::Malformed { .. } | ChainError::Missing { .. } | ChainError::TooLarge { .. })) => {
                Err(error)
            }
            Err(error) => return Err(error),
        };
        let path = format!("/chains/main/blocks/{hash}/operations/0?metadata=always");
        let mut body = self.rpc.open(&path, self.deadline, LARGE).unwrap_or_else(failed);
        let mut json = Scanner::new(&mut *body);
        let Reading { found, wrong } = activity::read(baker, header, metadata.as_ref().ok(), &mut json);
        let wrong = match (metadata, wrong) {
            (Err(error), _) => Some(error),
            (Ok(_), None) => None,
            (Ok(_), Some(Wrong::Incomplete(why))) => Some(incomplete(why, Vec::new())),
            (Ok(_), Some(Wrong::Broken(broken))) => Some(self.broken(broken, &path)),
        };
        if let Some(error) = wrong {
            let InBlock { this_level: mut seen, level_before } = found;
            seen.extend(level_before);
            return Err(match error {
                ChainError::Incomplete { level, why, .. } => ChainError::Incomplete { level, why, seen },
                error if seen.is_empty() => error,
                // What was read before it broke accuses all the same (S8).
                error => incomplete(error.to_string(), seen),
            });
        }
        if self.blocks.len() >= BLOCKS_KEPT {
            self.blocks.pop_front();
        }
        self.blocks.push_back((header.hash, *baker, found.clone()));
        Ok(found)
    }

    /// The baker's slot at a level, as the block `block` sees it; `None` where it has no right to vote.
    fn slot(&mut self, block: &str, baker: &KeyHash, level: Level) -> Result<Option<u16>, ChainError> {
        if let Some(known) = self.slots.get(&(*baker, level)) {
            return Ok(*known);
        }
        let path = format!("/chains/main/blocks/{block}/helpers/validators?level={}&delegate={baker}", level.get());
        let validators: rights::RawValidators = self.ask(&path)?;
        let slot = validators.slot(baker, level).map_err(self.malformed(&path))?;
        if self.slots.len() >= SLOTS_KEPT {
            self.slots.clear();
        }
        self.slots.insert((*baker, level), slot);
        Ok(slot)
    }
}

impl<R: Rpc> ChainLevelSource for OctezNode<R> {
    fn name(&self) -> &str {
        self.rpc.name()
    }

    fn head(&mut self) -> Result<Head, ChainError> {
        let stream = self.stream_ended();
        let header: Header = self.ask("/chains/main/blocks/head/header")?;
        self.headers.is_head(&header, stream);
        Ok(header.into())
    }

    fn hash_at(&mut self, level: Level) -> Result<BlockHash, ChainError> {
        self.ask(&format!("/chains/main/blocks/{}/hash", level.get()))
    }

    fn rights(&mut self, baker: &KeyHash, ahead: &Ahead, within: Duration) -> Result<Option<Rights>, ChainError> {
        self.rights_ahead(baker, ahead, within).map(Some)
    }
}

impl<R: Rpc> ChainNode for OctezNode<R> {
    fn sync(&mut self) -> Result<SyncState, ChainError> {
        self.ask::<small::RawSync>("/chains/main/is_bootstrapped").map(|raw| raw.checked())
    }

    fn constants(&mut self) -> Result<Constants, ChainError> {
        let path = "/chains/main/blocks/head/context/constants";
        self.ask::<small::RawConstants>(path)?.checked().map_err(self.malformed(path))
    }

    fn delegate(&mut self, baker: &KeyHash) -> Result<Delegate, ChainError> {
        let Head { hash: block, level, .. } = self.head()?;
        let earlier = self.header_at(level.below(PROTOCOL_LOOK_BACK).unwrap_or(Level::FIRST))?.protocol;
        let hash = block.to_string();
        let path = format!("/chains/main/blocks/{hash}/context/constants");
        let constants = self.ask::<small::RawConstants>(&path)?.checked().map_err(self.malformed(&path))?;
        let metadata =
            self.metadata(&block)?.map_err(self.malformed(&format!("/chains/main/blocks/{hash}/metadata")))?;
        let path = format!("/chains/main/blocks/{hash}/context/delegates/{baker}");
        self.ask_up_to::<delegate::RawDelegate>(&path, LARGE)?
            .at(metadata, constants.blocks_per_cycle, earlier)
            .map_err(self.malformed(&path))
    }

    fn peers_heads(&mut self) -> Result<Vec<PeerHead>, ChainError> {
        let path = "/chains/main/active_peers_heads";
        self.ask::<small::RawPeers>(path)?.checked().map_err(self.malformed(path))
    }

    fn may_attest(&mut self, baker: &KeyHash, level: Level) -> Result<bool, ChainError> {
        Ok(self.slot(&level.get().to_string(), baker, level)?.is_some())
    }

    fn activity(&mut self, baker: &KeyHash, level: Level) -> Result<LevelActivity, ChainError> {
        let block = self.header_at(level)?;
        let next = self.header_at(level.above(1))?;
        if next.predecessor != block.hash || next.predecessor_round != block.round {
            let why = format!("block {:#} does not follow it: the chain was reorganised meanwhile", next.level);
            return Err(ChainError::Incomplete { level, why, seen: Vec::new() });
        }
        let (block, next) = (self.in_block(baker, &block), self.in_block(baker, &next));
        let signed = match (block, next) {
            (Ok(block), Ok(next)) => block.this_level.into_iter().chain(next.level_before).collect::<Vec<_>>(),
            // Whatever can be read of either counts (S8).
            (Err(ChainError::Incomplete { level, why, mut seen }), next) => {
                seen.extend(next.map_or_else(|e| e.seen().to_vec(), |next| next.level_before));
                return Err(ChainError::Incomplete { level, why, seen });
            }
            (Ok(block), Err(ChainError::Incomplete { level, why, mut seen })) => {
                seen.extend(block.this_level);
                return Err(ChainError::Incomplete { level, why, seen });
            }
            (Err(error), _) | (_, Err(error)) => return Err(error),
        };
        // Who attested had the right to: one question less, and the only one that foreign nodes deny.
        let rights = signed.iter().any(|s| s.kind == Kind::Attestation) || self.may_attest(baker, level)?;
        Ok(LevelActivity { level, rights, signed })
    }

    fn newest(&mut self, baker: &KeyHash, head: &Head) -> Result<Vec<Signed>, ChainError> {
        let header: Header = match self.headers.of(&head.hash) {
            Some(known) => known.clone(),
            None => self.ask(&format!("/chains/main/blocks/{}/header", head.hash))?,
        };
        if header.hash != head.hash || header.level != head.level {
            let why = format!("the node answered with block {:#}", header.level);
            return Err(ChainError::Incomplete { level: head.level, why, seen: Vec::new() });
        }
        Ok(self.in_block(baker, &header)?.this_level)
    }

    fn head_stays(&mut self, head: &BlockHash) -> bool {
        self.headers.stream(head).is_some_and(|since| self.stream_goes_on(since))
    }

    fn mempool(&mut self, baker: &KeyHash, head: &Head) -> Result<Pooled, ChainError> {
        self.pooled(baker, head)
    }

    fn earnings(
        &mut self,
        baker: &KeyHash,
        hash: &BlockHash,
        cycle: u64,
        within: Duration,
    ) -> Result<Earnings, ChainError> {
        self.earnings_at(baker, hash, cycle, within)
    }
}
