//! `level`: the head of every source, with its age, and the verdict.

use std::fmt;

use failover_core::chain::Head;
use failover_core::chain::agreement::Standing;
use failover_core::clock::{Clock, SystemClock, Timestamp};
use failover_core::tezos::{BlockHash, ChainId, Level};
use serde::Serialize;

use crate::failure::Failure;
use crate::heads::{self, Verdict};
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
    judged: Judged,
}

/// The own node is judged by its clock and its peers, another source by the own node.
#[derive(Serialize)]
#[serde(untagged)]
enum Judged {
    Own(Verdict),
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
        write!(f, "{source}\n  level {level}, {hash}\n  {age_seconds} s old: ")?;
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
    let now = SystemClock.now();
    let seen = heads::look(&mut *own, now, expected);
    if let Ok((head, verdict)) = &seen.head {
        out.show(&HeadRecord::new(&seen.source, head, Judged::Own(verdict.clone()), now));
    }
    let head = heads::fresh(&seen)?;
    let mut sources = 1;
    let mut contradiction = Ok(());
    let others = settings.known().map(|config| sources::open_others(&config.chain, &[])).transpose()?;
    for mut other in others.unwrap_or_default() {
        match heads::hold(&mut *own, head, &mut *other) {
            Ok((theirs, standing)) => {
                out.show(&HeadRecord::new(other.name(), &theirs, Judged::Other(standing), now));
                sources += usize::from(standing.agrees());
                let judged = heads::not_contradicted(head, other.name(), theirs.level, standing);
                contradiction = contradiction.and(judged);
            }
            Err(error) => out.warn(error),
        }
    }
    // Every source is shown before one of them refuses.
    contradiction?;
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
