//! The simulated node, and other sources, behind the [`Rpc`] edge.

use std::collections::BTreeMap;
use std::time::Duration;

use super::World;
use crate::rpc::Answer;
use crate::source::Source;
use crate::wire::{Mishap, Wire, whole};
use failover_core::chain::{ChainError, Rpc};
use failover_core::clock::Clock;

/// The backup's node of a world, or another source. Its answers take no time, but for those that never come.
#[derive(Debug, Clone)]
pub struct SimNode {
    world: World,
    source: Option<Source>,
    wire: Option<Wire>,
    /// Another source's last answers: what a cache on the way would give again.
    cached: BTreeMap<String, Vec<u8>>,
}

impl SimNode {
    pub(crate) const fn new(world: World, source: Option<Source>) -> Self {
        Self { world, source, wire: None, cached: BTreeMap::new() }
    }

    /// The same at the end of a wire on which things go wrong.
    pub(crate) fn over(self, wire: Wire) -> Self {
        Self { wire: Some(wire), ..self }
    }

    fn spoiled(
        &mut self,
        wire: &Wire,
        mishap: Option<Mishap>,
        path: &str,
        deadline: Duration,
        limit: usize,
    ) -> Result<Vec<u8>, ChainError> {
        let (source_name, asked) = (self.name().to_owned(), path.to_owned());
        let timeout = || ChainError::Timeout { source_name: source_name.clone(), path: asked.clone(), after: deadline };
        match mishap {
            Some(Mishap::Dropped) => {
                let why = "connection reset by peer".to_owned();
                return Err(ChainError::Unreachable { source_name, why });
            }
            Some(Mishap::Twice) => {
                if let Some(answer) = self.cached.get(path) {
                    return Ok(answer.clone());
                }
            }
            _ => {}
        }
        let mut answer = self.pass_on(path, deadline, limit)?;
        if self.source.is_some() {
            self.cached.insert(asked.clone(), answer.clone());
        }
        match mishap {
            Some(Mishap::Lost) => {
                wire.waits_in_vain(deadline);
                return Err(timeout());
            }
            // It is as old as it was when it was made.
            Some(Mishap::Late(seconds)) if !wire.waits(seconds, whole(deadline)) => return Err(timeout()),
            Some(Mishap::Cut) => answer.truncate(answer.len() / 2),
            Some(Mishap::Garbage(number)) if number % 2 == 0 => {
                answer = b"<html><head><title>502 Bad Gateway</title></head></html>".to_vec();
            }
            Some(Mishap::Garbage(_)) => {
                let body = "upstream connect error".to_owned();
                return Err(ChainError::Status { source_name, path: asked, status: 503, body });
            }
            _ => {}
        }
        Ok(answer)
    }

    fn pass_on(&self, path: &str, deadline: Duration, limit: usize) -> Result<Vec<u8>, ChainError> {
        let (source_name, asked) = (self.name().to_owned(), path.to_owned());
        let answer = match self.source {
            Some(source) => self.world.source_rpc(source, path),
            None => self.world.rpc(path),
        };
        match answer {
            Answer::Refused => Err(ChainError::Unreachable { source_name, why: "connection refused".to_owned() }),
            Answer::Hangs => {
                self.world.clock().sleep(if self.wire.is_some() { whole(deadline) } else { deadline });
                Err(ChainError::Timeout { source_name, path: asked, after: deadline })
            }
            Answer::Huge(bytes) if bytes > limit as u64 => {
                Err(ChainError::TooLarge { source_name, path: asked, limit })
            }
            Answer::Huge(bytes) => Ok(vec![b' '; usize::try_from(bytes).unwrap_or(0)]),
            Answer::Http { body, .. } if body.len() > limit => {
                Err(ChainError::TooLarge { source_name, path: asked, limit })
            }
            Answer::Http { status: 200, body } => Ok(body),
            Answer::Http { status: status @ (401 | 403), .. } => {
                Err(ChainError::Denied { source_name, path: asked, status })
            }
            Answer::TooMany(seconds) => {
                let retry_after = Some(Duration::from_secs(seconds));
                Err(ChainError::RateLimited { source_name, path: asked, retry_after })
            }
            Answer::Http { status: 204 | 404 | 410, body } => {
                Err(ChainError::Missing { source_name, path: asked, why: text(&body) })
            }
            Answer::Http { status, body } => {
                Err(ChainError::Status { source_name, path: asked, status, body: text(&body) })
            }
        }
    }
}

impl Rpc for SimNode {
    fn name(&self) -> &str {
        self.source.map_or("the simulated node", Source::name)
    }

    fn get(&mut self, path: &str, deadline: Duration, limit: usize) -> Result<Vec<u8>, ChainError> {
        match self.wire.clone() {
            None => self.pass_on(path, deadline, limit),
            Some(wire) => wire.exchange(|mishap| self.spoiled(&wire, mishap, path, deadline, limit)),
        }
    }
}

fn text(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(200).collect()
}
