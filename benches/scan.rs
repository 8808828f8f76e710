//! How fast is a block's activity read, against parsing the same bytes into `serde_json::Value`s alone?
#![expect(clippy::print_stdout, reason = "a benchmark shows its figures")]
#![expect(clippy::expect_used, reason = "the samples are what they are")]

use std::error::Error;
use std::hint::black_box;
use std::time::Duration;

use failover_core::chain::octez::OctezNode;
use failover_core::chain::{ChainError, ChainLevelSource, ChainNode, Rpc};
use failover_core::tezos::KeyHash;
use full_block::{FullBlock, LEVEL, full_block};
use serde_json::Value;

mod full_block;
#[path = "measure.rs"]
mod measure;

/// A node that has one block.
struct OneBlock<'b>(&'b FullBlock);

impl Rpc for OneBlock<'_> {
    fn name(&self) -> &'static str {
        "one block"
    }

    fn get(&mut self, path: &str, _: Duration, _: usize) -> Result<Vec<u8>, ChainError> {
        let body = match path {
            _ if path.ends_with("/header") => self.0.header.as_str(),
            _ if path.ends_with("/metadata") => self.0.metadata.as_str(),
            _ if path.contains("/operations/0") => self.0.operations.as_str(),
            _ => "[]",
        };
        Ok(body.as_bytes().to_vec())
    }
}

/// How often both are measured.
const TURNS: usize = 3;

/// The least that the ratio may be: reading must cost a fifth at most.
const AT_LEAST: f64 = 5.0;

fn main() -> Result<(), Box<dyn Error>> {
    let baker: KeyHash = "tz1TnEtqDV9mZyts2pfMy6Jw1BTPs4LMjL8M".parse()?;
    measure::title("scan");
    let mut slow = Vec::new();
    for (name, block) in [
        ("300 votes, 100 in an aggregate", full_block(300, 100, 200)),
        ("200 votes, 200 in an aggregate", full_block(200, 200, 200)),
        ("a cycle's end", full_block(300, 100, 20_000)),
    ] {
        let bodies = [&block.header, &block.metadata, &block.operations].map(|body| body.as_bytes());
        let bytes: usize = bodies.iter().map(|body| body.len()).sum();
        println!("{name}: {bytes} bytes of JSON");
        let head = OctezNode::new(OneBlock(&block)).head()?;
        assert_eq!(head.level.get(), LEVEL);
        // It is read completely, or nothing is measured.
        OctezNode::new(OneBlock(&block)).newest(&baker, &head)?;
        let (mut values, mut read) = (0.0_f64, 0.0_f64);
        // In turns: what else the machine does meanwhile slows both.
        for _ in 0..TURNS {
            values = values.max(measure::per_second(|| {
                for body in bodies {
                    // A node's answer is owned bytes in either case.
                    let body = black_box(body.to_vec());
                    black_box(serde_json::from_slice::<Value>(&body).is_ok());
                }
            }));
            // A new node each time, because one keeps what it has read.
            read = read.max(measure::per_second(|| {
                black_box(OctezNode::new(OneBlock(&block)).newest(&baker, &head).is_ok());
            }));
        }
        measure::row("into values", values, 1.0);
        measure::row("who signed what, complete", read, read / values);
        if read / values < AT_LEAST {
            slow.push(name);
        }
    }
    println!(
        "at least {AT_LEAST} times as fast: {}",
        if slow.is_empty() { "yes".into() } else { slow.join("; ") + " not" }
    );
    Ok(())
}
