//! A source of the chain of which the fuzzer gives some of the answers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use failover_core::chain::{Body, ChainError, Rpc};
use failover_sim::{SimNode, Source};

use crate::{WORLD, joined, parts};

/// A simulated node or TzKT; a path that has one of the named parts in it gets the fuzzer's answer, each once and in
/// turn. An answer that the fuzzer leaves empty is honest.
pub struct Node {
    honest: SimNode,
    lies: Vec<(&'static str, Vec<u8>)>,
    /// How many bytes come at a time.
    piece: usize,
    /// What was honestly said in the place of each lie.
    said: Option<Said>,
}

type Said = Arc<Mutex<Vec<Vec<u8>>>>;

impl Node {
    /// The backup's node.
    pub fn own(lies: &[&'static str], data: &[u8]) -> Self {
        Self::of(WORLD.node(), lies, data)
    }

    /// TzKT.
    pub fn tzkt(lies: &[&'static str], data: &[u8]) -> Self {
        Self::of(WORLD.source(Source::Tzkt), lies, data)
    }

    fn of(honest: SimNode, lies: &[&'static str], data: &[u8]) -> Self {
        let answers = parts(data).into_iter().chain(std::iter::repeat(Vec::new()));
        Self { honest, lies: lies.iter().copied().zip(answers).collect(), piece: usize::MAX, said: None }
    }

    /// The same, its answers so many bytes at a time.
    pub fn in_pieces(mut self, of: usize) -> Self {
        self.piece = of.max(1);
        self
    }

    /// What is honestly answered where the fuzzer would be asked, as an input.
    pub fn honest(mut self, ask: impl FnOnce(Self)) -> Vec<u8> {
        let said = Said::default();
        self.said = Some(Arc::clone(&said));
        ask(self);
        joined(said.lock().expect("nobody panics with it").iter())
    }
}

/// What was honestly answered before: the world stands still, and does not have to work it out again.
static HONEST: Mutex<Option<HashMap<String, Result<Vec<u8>, ChainError>>>> = Mutex::new(None);

impl Node {
    fn honestly(&mut self, path: &str, deadline: Duration, limit: usize) -> Result<Vec<u8>, ChainError> {
        let mut known = HONEST.lock().expect("nobody panics with it");
        let known = known.get_or_insert_default();
        if known.len() > 256 {
            known.clear();
        }
        let key = format!("{} {path}", self.honest.name());
        known.entry(key).or_insert_with(|| self.honest.get(path, deadline, limit)).clone()
    }
}

impl Rpc for Node {
    fn name(&self) -> &str {
        "the fuzzed source"
    }

    fn get(&mut self, path: &str, deadline: Duration, limit: usize) -> Result<Vec<u8>, ChainError> {
        let Some(at) = self.lies.iter().position(|(part, _)| path.contains(part)) else {
            return self.honestly(path, deadline, limit);
        };
        let (_, lie) = self.lies.remove(at);
        if let Some(said) = self.said.clone() {
            let answer = self.honestly(path, deadline, limit)?;
            said.lock().expect("nobody panics with it").push(answer.clone());
            return Ok(answer);
        }
        match lie.len() {
            0 => self.honestly(path, deadline, limit),
            len if len > limit => {
                Err(ChainError::TooLarge { source_name: self.name().to_owned(), path: path.to_owned(), limit })
            }
            _ => Ok(lie),
        }
    }

    fn open(&mut self, path: &str, deadline: Duration, limit: usize) -> Result<Box<dyn Body>, ChainError> {
        let whole = self.get(path, deadline, limit)?;
        Ok(Box::new(Pieces { whole, passed: 0, piece: self.piece }))
    }
}

struct Pieces {
    whole: Vec<u8>,
    passed: usize,
    piece: usize,
}

impl Body for Pieces {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, ChainError> {
        let rest = &self.whole[self.passed..];
        let count = rest.len().min(into.len()).min(self.piece);
        into[..count].copy_from_slice(&rest[..count]);
        self.passed += count;
        Ok(count)
    }
}
