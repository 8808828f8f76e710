//! The other sources: asked at the same time, now and then, and held against the own node's head.

use std::time::Duration;

use super::seen;
use crate::chain::ChainLevelSource;
use crate::chain::agreement::{self, NEAR, Standing};
use crate::clock::{Clock, Job, Timestamp};
use crate::facts::{Compared, Fact, Head, OtherSource, Unknown};
use crate::tezos::{KeyHash, Level};

/// They are asked again after this: a second opinion need not be newer, and a free indexer is not asked every second.
const ASK_AGAIN: Duration = Duration::from_secs(5);
/// One whose newest blocks are others is asked again after this: it is over in a moment.
const ASK_MOVING: Duration = Duration::from_secs(1);
/// One that did not answer is asked again after this, so that its deadline is not waited for at every look.
const ASK_FAILED: Duration = Duration::from_secs(20);

/// One source, with what it said last.
struct Asked {
    source: Box<dyn ChainLevelSource>,
    last: Option<Last>,
}

/// What a source said.
struct Last {
    at: Timestamp,
    /// The own node's head, which it was held against.
    own: Level,
    said: Fact<Compared>,
    /// The source's own head.
    head: Option<Head>,
}

impl Asked {
    fn is_due(&self, now: Timestamp, own: Level) -> bool {
        self.last.as_ref().is_none_or(|last| {
            let again = match &last.said {
                Ok(said) if said.value.standing == Standing::Reorganising => ASK_MOVING,
                Ok(_) => ASK_AGAIN,
                Err(_) => ASK_FAILED,
            };
            // An opinion on a head that is far from this one does not count for this one (H26).
            let elsewhere = last.said.is_ok() && own.since(last.own).max(last.own.since(own)) > NEAR;
            now.since(last.at) >= again || now < last.at || elsewhere
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
            asked.last.as_ref().is_some_and(|last| last.said.as_ref().is_ok_and(|said| said.value.standing.agrees()))
        };
        let agreeing = self.0.iter_mut().filter(|asked| agrees(asked));
        agreeing.map(|asked| &mut *asked.source as &mut dyn ChainLevelSource).collect()
    }

    /// What each of them says; those whose turn it is are asked, at the same time.
    pub(super) fn look(
        &mut self,
        own: &mut dyn ChainLevelSource,
        head: &Head,
        baker: Option<&KeyHash>,
        clock: &dyn Clock,
    ) -> Vec<OtherSource> {
        let now = clock.now();
        let mut due: Vec<&mut Asked> = self.0.iter_mut().filter(|asked| asked.is_due(now, head.level)).collect();
        let mut answers: Vec<_> = due.iter().map(|_| None).collect();
        let jobs = due.iter_mut().zip(&mut answers).map(|(asked, answer)| -> Job<'_> {
            Box::new(move || *answer = Some(agreement::ask(&mut *asked.source, head.level, baker)))
        });
        clock.together(jobs.collect());
        for (asked, answer) in due.into_iter().zip(answers) {
            // A source that panicked has said nothing, this time; it is asked again.
            let Some(answer) = answer else {
                asked.last = None;
                continue;
            };
            let mut shown = None;
            let compared = answer.and_then(|said| {
                shown = Some(said.head.clone());
                let standing = agreement::standing(own, head, &mut *asked.source, &said)?;
                Ok(Compared { level: said.head.level, standing, last_signed: said.last_signed })
            });
            let said = seen(compared, asked.source.name(), clock);
            asked.last = Some(Last { at: clock.now(), own: head.level, said, head: shown });
        }
        let silent = |name: &str| Unknown {
            why: format!("{name} has said nothing yet"),
            next: "wait a moment, then run again".to_owned(),
        };
        // Every source that is configured is among them: one that is missing would be taken for none.
        let told = |asked: &Asked| {
            let name = asked.source.name();
            let said = asked.last.as_ref().map_or_else(|| Err(silent(name)), |last| last.said.clone());
            OtherSource { name: name.to_owned(), said }
        };
        self.0.iter().map(told).collect()
    }

    /// The heads that they showed when they were last asked, by their names.
    pub(super) fn shown(&self) -> Vec<(String, Head)> {
        let shown = |asked: &Asked| Some((asked.source.name().to_owned(), asked.last.as_ref()?.head.clone()?));
        self.0.iter().filter_map(shown).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::chain::ChainError;
    use crate::tezos::{BlockHash, ChainId, Round};

    /// A chain whose head a test moves.
    #[derive(Clone)]
    struct Chain(Arc<Mutex<u64>>);

    impl Chain {
        fn at(level: u64) -> Self {
            Self(Arc::new(Mutex::new(level)))
        }
    }

    impl ChainLevelSource for Chain {
        fn name(&self) -> &str {
            "a chain"
        }
        fn head(&mut self) -> Result<Head, ChainError> {
            let level = Level::new(*self.0.lock().unwrap()).unwrap();
            let (hash, chain_id) = (self.hash_at(level)?, ChainId::MAINNET);
            Ok(Head {
                level,
                round: Round(0),
                hash,
                timestamp: Timestamp::from_millis(0),
                chain_id,
                protocol: "P".to_owned(),
            })
        }
        fn hash_at(&mut self, _: Level) -> Result<BlockHash, ChainError> {
            Ok(BlockHash::new([7; 32]))
        }
    }

    struct Stopped;

    impl Clock for Stopped {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(1_000_000)
        }
        fn steady(&self) -> Duration {
            Duration::from_secs(1_000)
        }
        fn sleep(&self, _: Duration) {}
    }

    /// H26: what was said of another head is no opinion on one that is far from it, however short ago it was said.
    #[test]
    fn h26_a_source_is_asked_again_where_the_own_head_moved_away() {
        for (to, agrees) in [(1_002, true), (1_003, false), (4_000_000, false)] {
            let mut own = Chain::at(1_000);
            let mut others = Others::new(vec![Box::new(own.clone())]);
            let head = own.head().unwrap();
            assert!(others.look(&mut own, &head, None, &Stopped)[0].agrees());
            // The other one stays; the own node goes on alone.
            let mut own = Chain::at(to);
            let head = own.head().unwrap();
            assert_eq!(others.look(&mut own, &head, None, &Stopped)[0].agrees(), agrees, "{to}");
        }
    }

    struct Panics;

    impl ChainLevelSource for Panics {
        fn name(&self) -> &str {
            "one that panics"
        }
        fn head(&mut self) -> Result<Head, ChainError> {
            panic!("as a test wants it")
        }
        fn hash_at(&mut self, _: Level) -> Result<BlockHash, ChainError> {
            panic!("as a test wants it")
        }
    }

    /// One that is configured is never missing: none at all would be another rule.
    #[test]
    fn a_source_that_panics_is_silent_and_not_gone() {
        let mut own = Chain::at(1_000);
        let head = own.head().unwrap();
        let found = Others::new(vec![Box::new(Panics)]).look(&mut own, &head, None, &Stopped);
        assert!(matches!(&found[..], [one] if one.said.is_err() && one.name == "one that panics"), "{found:?}");
    }
}
