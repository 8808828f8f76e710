//! The head of every source, as the decision judges it. What is not known refuses (S3); no threshold is here.

use failover_core::chain::{ChainError, ChainNode, Head};
use failover_core::clock::{Clock, SystemClock, Timestamp};
use failover_core::decision::{HeadAge, Judging, Refusal, agreed_head};
use failover_core::facts::{ChainFacts, Gatherer};
use failover_core::session::open;
use failover_core::state::{HeadPin, StateDir};
use failover_core::tezos::{ChainId, Level};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::settings::Settings;

/// One source's head and verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Which source.
    pub(crate) source: String,
    /// Its head, or why there is none.
    pub(crate) head: Result<(Head, HeadAge), ChainError>,
}

/// Asks the own node alone for its head, and whether it is in step: what is only shown needs no second opinion.
pub(crate) fn look(source: &mut dyn ChainNode, now: Timestamp, expected: Option<ChainId>) -> Seen {
    let name = source.name().to_owned();
    let head = source.head().and_then(|head| {
        let verdict = HeadAge::of(&head, Some(source.sync()?), now, expected);
        Ok((head, verdict))
    });
    Seen { source: name, head }
}

/// The own node's head, where it is fresh.
///
/// # Errors
/// It is not known, or not fresh.
pub(crate) fn fresh(own: &Seen) -> Result<&Head, Failure> {
    let (head, verdict) = own.head.as_ref().map_err(|error| Failure::from(error.clone()))?;
    if !verdict.is_fresh() {
        return Err(Failure::refused(format!("the head of {} is not fresh: {verdict}", own.source), verdict.next()));
    }
    Ok(head)
}

/// What everybody says of the head, and the pinned one.
#[derive(Debug)]
pub(crate) struct Everybody {
    /// When they were asked.
    pub(crate) now: Timestamp,
    /// The own node's name.
    pub(crate) own: String,
    /// What they said.
    pub(crate) chain: ChainFacts,
    /// The other sources' own heads.
    pub(crate) shown: Vec<(String, Head)>,
    /// The configured chain.
    pub(crate) expected: Option<ChainId>,
    /// The pinned head; `None`: there is none that can be read.
    pub(crate) pin: Option<HeadPin>,
}

/// Asks the own node, its peers, and every source that is configured.
///
/// # Errors
/// No node is named, or a URL cannot be used.
pub(crate) fn everybody(settings: &Settings) -> Result<Everybody, Failure> {
    let own = open::node(&settings.node()?);
    let others = settings.known().map(|config| open::others(&config.chain, &[])).transpose()?;
    let (name, clock) = (own.name().to_owned(), SystemClock);
    let (chain, shown) = Gatherer::new(own, others.unwrap_or_default()).heads(&clock);
    Ok(Everybody {
        now: clock.now(),
        own: name,
        chain,
        shown,
        expected: settings.known().map(|config| config.baker.chain),
        pin: pinned(settings),
    })
}

/// The pinned head, where a state folder is there and has one.
pub(crate) fn pinned(settings: &Settings) -> Option<HeadPin> {
    StateDir::existing(settings.state()).ok()?.head_pin().ok().flatten()
}

impl Everybody {
    /// The own node's head, and what it is worth by itself.
    pub(crate) fn judged(&self) -> Option<(&Head, HeadAge)> {
        let head = &self.chain.head.as_ref().ok()?.value;
        let sync = self.chain.sync.as_ref().ok().map(|sync| sync.value);
        Some((head, HeadAge::of(head, sync, self.now, self.expected)))
    }

    /// The highest agreed fresh head: what a run, `standby` and `check` go by.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn agreed(&self) -> Result<Level, Refusal> {
        let judging = Judging { chain: self.expected, without: &[], pin: self.pin.as_ref() };
        agreed_head(&self.chain, self.now, &judging)
    }
}

/// A refused head as a failure of a command that leaves no source out.
pub(crate) fn refused(refusal: &Refusal) -> Failure {
    let next = match refusal {
        Refusal::NodeBehind { .. } => {
            "wait until the node has caught up, or name another of your nodes with --node".to_owned()
        }
        Refusal::Contradicted { .. } => "compare both with an explorer before anything else".to_owned(),
        Refusal::Alone { without, .. } if !without.is_empty() => {
            "compare the node's head with an explorer; wait for the node, or for one of the sources".to_owned()
        }
        other => other.next(),
    };
    Failure::new(Exit::of(refusal.exit()), refusal, next)
}
