//! The simulated node behind the [`Rpc`] edge.

use std::time::Duration;

use super::Answer;
use crate::chain::{ChainError, Rpc};
use crate::clock::Clock;
use crate::sim::world::World;

/// The backup's node of a world. Its answers take no time, but for those that never come.
#[derive(Debug, Clone)]
pub struct SimNode {
    world: World,
}

impl SimNode {
    pub(crate) const fn new(world: World) -> Self {
        Self { world }
    }
}

impl Rpc for SimNode {
    fn name(&self) -> &str {
        "the simulated node"
    }

    fn get(&mut self, path: &str, deadline: Duration, limit: usize) -> Result<Vec<u8>, ChainError> {
        let (source_name, asked) = (self.name().to_owned(), path.to_owned());
        match self.world.rpc(path) {
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
            Answer::Http { status: 404 | 410, body } => {
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
