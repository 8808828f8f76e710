//! How fast is a block's activity read, against parsing the same bytes into `serde_json::Value`s alone?
#![expect(clippy::print_stdout, reason = "a benchmark shows its figures")]

use std::error::Error;
use std::hint::black_box;
use std::time::Duration;

use failover_core::chain::octez::OctezNode;
use failover_core::chain::{ChainError, ChainLevelSource, ChainNode, Rpc};
use serde_json::Value;

#[path = "measure.rs"]
mod measure;

/// Sample block 1839179 of Tallinnnet, with the votes of all its bakers (see the samples' README).
const HEADER: &[u8] =
    include_bytes!("../failover-core/tests/data/samples/tallinnnet-024-abaab-block1839179-header.json");
const METADATA: &[u8] = include_bytes!(
    "../failover-core/tests/data/samples/tallinnnet-024-abaab-block1839179-metadata.no-balance-updates.json"
);
const OPERATIONS: &[u8] =
    include_bytes!("../failover-core/tests/data/samples/tallinnnet-024-abaab-block1839179-operations0.json");

/// A node that has one block.
struct OneBlock;

impl Rpc for OneBlock {
    fn name(&self) -> &'static str {
        "one block"
    }

    fn get(&mut self, path: &str, _: Duration, _: usize) -> Result<Vec<u8>, ChainError> {
        let body = match path {
            _ if path.ends_with("/header") => HEADER,
            _ if path.ends_with("/metadata") => METADATA,
            _ if path.contains("/operations/0") => OPERATIONS,
            _ => b"[]",
        };
        Ok(body.to_vec())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let baker = "tz1TnEtqDV9mZyts2pfMy6Jw1BTPs4LMjL8M".parse()?;
    let head = OctezNode::new(OneBlock).head()?;
    let signed = OctezNode::new(OneBlock).newest(&baker, &head)?;
    measure::title("scan");
    let values = measure::per_second(|| {
        for body in [HEADER, METADATA, OPERATIONS] {
            // A node's answer is owned bytes in either case.
            let body = black_box(body.to_vec());
            black_box(serde_json::from_slice::<Value>(&body).is_ok());
        }
    });
    measure::row("the block's JSON into values", values, 1.0);
    // A new node each time, because one keeps what it has read.
    let read = measure::per_second(|| {
        let mut node = OctezNode::new(OneBlock);
        black_box(node.head().and_then(|head| node.newest(&baker, &head)).is_ok());
    });
    measure::row("the block read: who signed what, complete", read, read / values);
    println!(
        "{} bytes of JSON, {} signed by the baker",
        HEADER.len() + METADATA.len() + OPERATIONS.len(),
        signed.len()
    );
    Ok(())
}
