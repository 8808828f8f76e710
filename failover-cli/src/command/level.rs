//! `level`: the head of every source, with its age, and the verdict.

use std::fmt;

use failover_core::chain::Head;
use failover_core::chain::agreement::Standing;
use failover_core::clock::Timestamp;
use failover_core::decision::HeadAge;
use failover_core::tezos::{BlockHash, ChainId, Level};
use serde::Serialize;

use crate::failure::Failure;
use crate::heads;
use crate::output::{End, Output};
use crate::settings::Settings;

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
    judged: Judged,
}

/// The own node is judged by the clock, another source by the own node.
#[derive(Serialize)]
#[serde(untagged)]
enum Judged {
    Own(HeadAge),
    Other(Standing),
}

impl HeadRecord {
    fn new(source: &str, head: &Head, judged: Judged, now: Timestamp) -> Self {
        Self {
            source: source.to_owned(),
            level: head.level,
            hash: head.hash,
            timestamp: head.timestamp,
            age_seconds: now.millis().saturating_sub(head.timestamp.millis()) / 1000,
            chain_id: head.chain_id,
            judged,
        }
    }
}

impl fmt::Display for HeadRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, level, hash, age_seconds, judged, .. } = self;
        write!(f, "{source}\n  level {level:#}, {hash}\n  {age_seconds} s old: ")?;
        match judged {
            Judged::Own(verdict) => verdict.fmt(f),
            Judged::Other(standing) => standing.fmt(f),
        }
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
        write!(f, "Level {:#}", self.level)
    }
}

/// Shows every source's head.
///
/// # Errors
/// No node is named, or its head is not known, not fresh, contradicted, or confirmed by nobody.
pub(crate) fn run(settings: &Settings, out: &mut Output) -> Result<End, Failure> {
    let seen = heads::everybody(settings)?;
    let now = seen.now;
    if let Some((head, verdict)) = seen.judged() {
        out.show(&HeadRecord::new(&seen.own, head, Judged::Own(verdict), now));
    }
    // Every source is shown before one of them refuses.
    for other in &seen.chain.others {
        let head = seen.shown.iter().find(|(name, _)| *name == other.name);
        match (&other.said, head) {
            (Ok(said), Some((name, head))) => {
                out.show(&HeadRecord::new(name, head, Judged::Other(said.value.standing), now));
            }
            _ => out.warn(other),
        }
    }
    if let Err(unknown) = &seen.chain.second {
        out.warn(format!("no second opinion from the node's peers: {unknown}"));
    }
    // As a run says it.
    let level = seen.agreed().map_err(|refusal| heads::refused(&refusal))?;
    if let Some((_, verdict)) = seen.judged()
        && !verdict.is_fresh()
    {
        return Err(Failure::refused(format!("the head of {} is not fresh: {verdict}", seen.own), verdict.next()));
    }
    let sources = 1 + seen.chain.others.iter().filter(|other| other.agrees()).count();
    out.show(&Agreed { level, sources });
    Ok(End::done("nothing needs to be done; `failover check` looks at the rest of the backup"))
}
