//! `level`: the head of every source, with its age, and the verdict.

use std::fmt;

use failover_core::chain::ChainNode;
use failover_core::clock::{Clock, SystemClock, Timestamp};
use failover_core::tezos::{BlockHash, ChainId, Level};
use serde::Serialize;

use crate::failure::Failure;
use crate::heads::{self, Seen, Verdict};
use crate::output::{End, Output};
use crate::settings::Settings;
use crate::sources;

/// One source's head.
#[derive(Serialize)]
#[serde(tag = "record", rename = "head")]
struct HeadRecord {
    source: String,
    level: Level,
    hash: BlockHash,
    timestamp: Timestamp,
    age_seconds: i64,
    chain_id: ChainId,
    #[serde(flatten)]
    verdict: Verdict,
}

impl fmt::Display for HeadRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, level, hash, age_seconds, verdict, .. } = self;
        write!(f, "{source}\n  level {level}, {hash}\n  {age_seconds} s old: {verdict}")
    }
}

/// What all of them come to.
#[derive(Serialize)]
#[serde(tag = "record", rename = "level")]
struct Agreed {
    level: Level,
    sources: usize,
}

impl fmt::Display for Agreed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Level {}", self.level)
    }
}

/// Shows every source's head.
///
/// # Errors
/// No source is named, or the own node's head is not known, not fresh, or contradicted.
pub(crate) fn run(settings: &Settings, out: &mut Output) -> Result<End, Failure> {
    let expected = settings.known().map(|config| config.baker.chain);
    let mut own = sources::open_node(&settings.node()?)?;
    let seen = look(&mut *own, true, expected, out);
    let mut others = Vec::new();
    for url in settings.known().map(|config| config.chain.others.clone()).unwrap_or_default() {
        others.push(look(&mut *sources::open_node(&url)?, false, expected, out));
    }
    if let Some(tzkt) = settings.known().and_then(|config| config.chain.tzkt.as_ref()) {
        out.warn(format!("tzkt {tzkt} is not read by this version: it is no second opinion yet"));
    }
    let head = heads::agreed(&seen, &others)?;
    let mut sources = 1 + others.iter().filter(|other| other.head.as_ref().is_ok_and(|(_, v)| v.is_fresh())).count();
    match own.peers_heads() {
        Ok(peers) => match heads::peers_level(&peers) {
            Some(middle) => {
                heads::not_behind(head, middle)?;
                sources += 1;
            }
            None => out.warn(format!("{} has {} peers, too few for a second opinion", seen.source, peers.len())),
        },
        Err(error) => out.warn(format!("no second opinion from the node's peers: {error}")),
    }
    out.show(&Agreed { level: head.level, sources });
    Ok(End::done("nothing needs to be done; `failover check` looks at the rest of the backup"))
}

fn look(source: &mut dyn ChainNode, own: bool, expected: Option<ChainId>, out: &mut Output) -> Seen {
    let now = SystemClock.now();
    let seen = heads::look(source, own, now, expected);
    match &seen.head {
        Ok((head, verdict)) => out.show(&HeadRecord {
            source: seen.source.clone(),
            level: head.level,
            hash: head.hash,
            timestamp: head.timestamp,
            age_seconds: now.millis().saturating_sub(head.timestamp.millis()) / 1000,
            chain_id: head.chain_id,
            verdict: verdict.clone(),
        }),
        // The own node's error ends the command; another's is said here.
        Err(error) if !own => out.warn(error),
        Err(_) => {}
    }
    seen
}
