//! The other sources: asked at the same time, now and then, and held against the own node's head.

use std::time::Duration;

use super::seen;
use crate::chain::{ChainLevelSource, ChainNode, agreement};
use crate::clock::{Clock, Job, Timestamp};
use crate::facts::{Compared, Fact, Head, OtherSource};
use crate::tezos::KeyHash;

/// They are asked again after this: a second opinion need not be newer, and a free indexer is not asked every second.
const ASK_AGAIN: Duration = Duration::from_secs(5);
/// One that did not answer is asked again after this, so that its deadline is not waited for at every look.
const ASK_FAILED: Duration = Duration::from_secs(20);

/// One source, with what it said last.
struct Asked {
    source: Box<dyn ChainLevelSource>,
    last: Option<(Timestamp, Fact<Compared>)>,
}

impl Asked {
    fn is_due(&self, now: Timestamp) -> bool {
        self.last.as_ref().is_none_or(|(at, said)| {
            let again = if said.is_ok() { ASK_AGAIN } else { ASK_FAILED };
            now.since(*at) >= again || now < *at
        })
    }
}

/// All of them.
pub(super) struct Others(Vec<Asked>);

impl Others {
    pub(super) fn new(sources: Vec<Box<dyn ChainLevelSource>>) -> Self {
        Self(sources.into_iter().map(|source| Asked { source, last: None }).collect())
    }

    /// Those that agreed with the own node when they were last asked.
    pub(super) fn agreeing(&mut self) -> Vec<&mut dyn ChainLevelSource> {
        let agrees = |asked: &Asked| {
            asked.last.as_ref().is_some_and(|(_, said)| said.as_ref().is_ok_and(|said| said.value.standing.agrees()))
        };
        let agreeing = self.0.iter_mut().filter(|asked| agrees(asked));
        agreeing.map(|asked| &mut *asked.source as &mut dyn ChainLevelSource).collect()
    }

    /// What each of them says; those whose turn it is are asked, at the same time.
    pub(super) fn look(
        &mut self,
        own: &mut dyn ChainNode,
        head: &Head,
        baker: &KeyHash,
        clock: &dyn Clock,
    ) -> Vec<OtherSource> {
        let now = clock.now();
        let mut due: Vec<&mut Asked> = self.0.iter_mut().filter(|asked| asked.is_due(now)).collect();
        let mut answers: Vec<_> = due.iter().map(|_| None).collect();
        let jobs = due.iter_mut().zip(&mut answers).map(|(asked, answer)| -> Job<'_> {
            Box::new(move || *answer = Some(agreement::ask(&mut *asked.source, head.level, Some(baker))))
        });
        clock.together(jobs.collect());
        for (asked, answer) in due.into_iter().zip(answers) {
            // A source that panicked has said nothing; it is asked again.
            let Some(answer) = answer else { continue };
            let compared = answer.and_then(|said| {
                let standing = agreement::standing(own, head, &mut *asked.source, &said)?;
                Ok(Compared { level: said.head.level, standing, last_signed: said.last_signed })
            });
            let fact = seen(compared, asked.source.name(), clock);
            asked.last = Some((clock.now(), fact));
        }
        let told = |asked: &Asked| {
            let (_, said) = asked.last.clone()?;
            Some(OtherSource { name: asked.source.name().to_owned(), said })
        };
        self.0.iter().filter_map(told).collect()
    }
}
