//! `activity` against blocks as large as real ones: its memory does not grow with them.
//!
//! Forty levels, one of them a cycle's end, because without optimisation a thousand take minutes. All of them:
//! `FAILOVER_LEVELS=1000 cargo test -p failover-cli --test cli activity -- --nocapture`.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;

use failover_core::clock::{Clock as _, SystemClock};
use failover_core::tezos::BlockHash;
use serde_json::{Value, json};

use crate::full_block::{FullBlock, LEVEL, full_block};
use crate::support::failover;

/// Most memory that the process may ever have: 32 MiB is what is promised, 12 is what it takes, and bodies that are kept
/// whole take 26.
const MOST_KIB: u64 = 20 * 1024;
/// Who has a vote of its own in every block.
const BAKER: &str = "tz1TnEtqDV9mZyts2pfMy6Jw1BTPs4LMjL8M";
const HEAD: u64 = 2_000_010;
/// At every so many levels a cycle ends: its metadata nearly reach the limit of 16 MiB.
const CYCLE: u64 = 250;

fn hash(level: u64) -> BlockHash {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&level.to_be_bytes());
    BlockHash::new(bytes)
}

/// A node whose blocks are all alike, and the most memory that the process which asks it has had, in KiB.
struct Node {
    block: FullBlock,
    cycle_end: String,
    asks: OnceLock<u32>,
    requests: AtomicU32,
    peak: AtomicU64,
}

impl Node {
    fn header(&self, level: u64) -> String {
        let mut header: Value = serde_json::from_str(&self.block.header).unwrap();
        header["level"] = json!(level);
        (header["hash"], header["predecessor"]) = (json!(hash(level)), json!(hash(level - 1)));
        header["fitness"][1] = json!(format!("{level:08x}"));
        header["timestamp"] = json!(SystemClock.now());
        header.to_string()
    }

    fn answer(&self, path: &str) -> String {
        let Some(block) = path.strip_prefix("/chains/main/blocks/") else {
            return json!({"bootstrapped": true, "sync_state": "synced"}).to_string();
        };
        let (id, what) = block.split_once('/').unwrap();
        let level = match (id, id.parse::<BlockHash>()) {
            ("head", _) => HEAD,
            (_, Ok(hash)) => u64::from_be_bytes(*hash.bytes().first_chunk().unwrap()),
            _ => id.parse().unwrap(),
        };
        let own = format!("\"level\":{level},");
        match what {
            "header" => self.header(level),
            "metadata" if level % CYCLE == 0 => self.cycle_end.replacen(&format!("\"level\":{LEVEL},"), &own, 1),
            "metadata" => self.block.metadata.replacen(&format!("\"level\":{LEVEL},"), &own, 1),
            _ => {
                let before = format!("\"level\":{},", level - 1);
                self.block.operations.replace(&format!("\"level\":{},", LEVEL - 1), &before)
            }
        }
    }

    /// Notes the peak now and then: it never falls, and the last questions are no larger than the others.
    fn look(&self) {
        if self.requests.fetch_add(1, Ordering::SeqCst).is_multiple_of(16) {
            let Some(pid) = self.asks.get() else { return };
            let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
            let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
            let peak = line.split_whitespace().nth(1).unwrap().parse().unwrap();
            self.peak.fetch_max(peak, Ordering::SeqCst);
        }
    }

    fn connection(&self, stream: &TcpStream) {
        let mut reader = BufReader::new(stream);
        loop {
            let mut request = String::new();
            while reader.read_line(&mut request).is_ok_and(|n| n > 2) {}
            let Some(path) = request.split(' ').nth(1) else { return };
            self.look();
            let body = self.answer(path);
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            let mut stream = stream;
            if stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).is_err() {
                return;
            }
        }
    }
}

#[test]
fn full_blocks_are_read_in_constant_memory() {
    let levels: u64 = std::env::var("FAILOVER_LEVELS").map_or(40, |levels| levels.parse().unwrap());
    let (block, cycle_end) = (full_block(300, 100, 200), full_block(300, 100, 140_000).metadata);
    assert!(block.operations.len() > 200_000, "{}", block.operations.len());
    assert!(cycle_end.len() > 13 << 20 && cycle_end.len() < 16 << 20, "{}", cycle_end.len());
    let node = Arc::new(Node {
        block,
        cycle_end,
        asks: OnceLock::new(),
        requests: AtomicU32::new(0),
        peak: AtomicU64::new(0),
    });
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = Arc::clone(&node);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let server = Arc::clone(&server);
            thread::spawn(move || server.connection(&stream.unwrap()));
        }
    });

    let mut command = failover(&["--json", "--node", &url, "activity", BAKER, "--levels", &levels.to_string()]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    node.asks.set(child.id()).unwrap();
    let output = child.wait_with_output().unwrap();
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{err}{}", out.lines().last().unwrap_or_default());
    let voted = out.lines().filter(|line| line.contains("\"activity\"") && line.contains("\"attestation\"")).count();
    assert_eq!(voted as u64, levels, "it attested at every level");
    let (peak, requests) = (node.peak.load(Ordering::SeqCst), node.requests.load(Ordering::SeqCst));
    assert!(requests > 3 * u32::try_from(levels).unwrap(), "{requests} questions");
    println!("{peak} KiB at most, {requests} questions");
    assert!(peak > 0 && peak < MOST_KIB, "{peak} KiB");
}
