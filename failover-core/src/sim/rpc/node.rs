//! The simulated node, and other sources, behind the [`Rpc`] edge.

use std::time::Duration;

use super::Answer;
use crate::chain::{ChainError, Rpc};
use crate::clock::Clock;
use crate::sim::source::Source;
use crate::sim::world::World;

/// The backup's node of a world, or another source. Its answers take no time, but for those that never come.
#[derive(Debug, Clone)]
pub struct SimNode {
    world: World,
    source: Option<Source>,
}

impl SimNode {
    pub(crate) const fn new(world: World, source: Option<Source>) -> Self {
        Self { world, source }
    }
}

impl Rpc for SimNode {
    fn name(&self) -> &str {
        self.source.map_or("the simulated node", Source::name)
    }

    fn get(&mut self, path: &str, deadline: Duration, limit: usize) -> Result<Vec<u8>, ChainError> {
        let (source_name, asked) = (self.name().to_owned(), path.to_owned());
        let answer = match self.source {
            Some(source) => self.world.source_rpc(source, path),
            None => self.world.rpc(path),
        };
        match answer {
            Answer::Refused => Err(ChainError::Unreachable { source_name, why: "connection refused".to_owned() }),
            Answer::Hangs => {
                self.world.clock().sleep(deadline);
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

fn text(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(200).collect()
}
