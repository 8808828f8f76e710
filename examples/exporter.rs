//! How does a baker look to Prometheus? Head, guard and marks as numbers, on one page that is only read.
//!
//! `cargo run --example exporter -- /etc/failover/config.toml 127.0.0.1:9464`, then `curl http://127.0.0.1:9464/metrics`;
//! or with the `failover.toml` that `failover drill --serve DIR` writes, and port 0 for a free one.
#![expect(clippy::print_stdout, reason = "an example shows where it serves")]

use std::error::Error;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use failover_core::clock::{Clock as _, SystemClock};
use failover_core::config::Config;
use failover_core::guard::{Guard, GuardStatus};
use failover_core::session::open;
use failover_core::signer::{Arming, SignerDevice as _, ledger};
use failover_core::tezos::{Kind, Level};

/// A client has so long to ask, and its question is so long at most, in bytes.
const PATIENCE: Duration = Duration::from_secs(2);
const LIMIT: usize = 8192;
/// However often it is asked for, node and device are looked at no more often.
const AGAIN: Duration = Duration::from_secs(5);

/// Every number, and what it is. What is not known has no line: it is never 0 (S3).
const NUMBERS: [(&str, &str); 7] = [
    ("failover_known", "1 where this part could be read, else 0"),
    ("failover_head_level", "Level of the own node's head"),
    ("failover_head_age_seconds", "Age of that block"),
    ("failover_guard_lifted", "1 where this machine may bake, 0 where it is guarded"),
    ("failover_key_armed", "1 where the device signs with this key now"),
    ("failover_mark_level", "Level of the key's high watermark for this kind"),
    ("failover_mark_above_head", "So many levels the mark is above the head; below it, negative"),
];

type Lines = std::collections::BTreeMap<&'static str, Vec<String>>;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    // A Ledger on USB is read by a child process: this program again.
    if let Some(code) = ledger::hid::serve_child(std::env::args_os()) {
        return Ok(code);
    }
    let (file, address) =
        std::env::args().nth(1).zip(std::env::args().nth(2)).ok_or("usage: exporter CONFIG ADDRESS:PORT")?;
    let (config, address) = (Config::read(Path::new(&file))?, address.parse::<SocketAddr>()?);
    if !address.ip().is_loopback() {
        return Err("it tells whoever asks how the baker stands: serve it on loopback, behind what you trust".into());
    }
    let listener = TcpListener::bind(address)?;
    println!("http://{}/metrics", listener.local_addr()?);
    let (mut looked, mut shown) = (None::<Instant>, String::new());
    // One client after the other, each no longer than its patience.
    for stream in listener.incoming().flatten() {
        if looked.is_none_or(|at| at.elapsed() >= AGAIN) {
            (looked, shown) = (Some(Instant::now()), page(&config));
        }
        let _gone = answer(stream, &shown);
    }
    Ok(ExitCode::SUCCESS)
}

fn answer(mut stream: TcpStream, page: &str) -> io::Result<()> {
    stream.set_write_timeout(Some(PATIENCE))?;
    let asked = request(&mut stream)?;
    let (status, body) = match asked.split(' ').take(2).collect::<Vec<_>>().as_slice() {
        ["GET", "/metrics"] => ("200 OK", page),
        ["GET", _] => ("404 Not Found", ""),
        _ => ("405 Method Not Allowed\r\nAllow: GET", ""),
    };
    let (kind, length) = ("text/plain; version=0.0.4", body.len());
    write!(stream, "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}")
}

/// A request's head, whole and in time.
fn request(stream: &mut TcpStream) -> io::Result<String> {
    let (until, mut head, mut bytes) = (Instant::now() + PATIENCE, Vec::new(), [0; 1024]);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let left = until.saturating_duration_since(Instant::now());
        // A timeout of nothing would be none.
        stream.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
        let read = stream.read(&mut bytes)?;
        if read == 0 || left.is_zero() || head.len() > LIMIT {
            return Err(io::ErrorKind::InvalidData.into());
        }
        head.extend_from_slice(bytes.get(..read).unwrap_or_default());
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// One part that cannot be read takes no other with it.
fn page(config: &Config) -> String {
    let mut lines = Lines::new();
    let head = head(config, &mut lines);
    let device = device(config, head.as_ref().ok().copied(), &mut lines);
    let guard = guard(config, &mut lines);
    for (part, known) in [("chain", head.is_ok()), ("device", device.is_ok()), ("guard", guard.is_some())] {
        add(&mut lines, "failover_known", &[("part", part)], i64::from(known));
    }
    let told = |name, what, lines: &[String]| format!("# HELP {name} {what}\n# TYPE {name} gauge\n{}", lines.concat());
    NUMBERS.iter().filter_map(|(name, what)| Some(told(name, what, lines.get(name)?))).collect()
}

fn add(lines: &mut Lines, name: &'static str, labels: &[(&str, &str)], number: i64) {
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let labels: Vec<String> = labels.iter().map(|(label, text)| format!("{label}=\"{}\"", quoted(text))).collect();
    lines.entry(name).or_default().push(format!("{name}{{{}}} {number}\n", labels.join(",")));
}

fn head(config: &Config, lines: &mut Lines) -> Result<Level, Box<dyn Error>> {
    let head = open::node(&config.chain.node).head()?;
    if head.chain_id != config.baker.chain {
        return Err(format!("the node is on {}", head.chain_id).into());
    }
    add(lines, "failover_head_level", &[], head.level.get().try_into()?);
    add(lines, "failover_head_age_seconds", &[], SystemClock.now().since(head.timestamp).as_secs().try_into()?);
    Ok(head.level)
}

fn device(config: &Config, head: Option<Level>, lines: &mut Lines) -> Result<(), Box<dyn Error>> {
    for key in open::device(&config.signer, Arc::default())?.state()?.keys {
        let name = key.name.to_string();
        add(lines, "failover_key_armed", &[("key", &name)], i64::from(key.arming == Arming::Armed));
        for kind in Kind::ALL {
            let kind_name = kind.to_string();
            // A locked TezSign shows no marks, and a new one has none.
            let Some(mark) = key.marks.and_then(|marks| marks.of(kind).0) else { continue };
            let (labels, mark) = ([("key", name.as_str()), ("kind", kind_name.as_str())], mark.level.get().try_into()?);
            add(lines, "failover_mark_level", &labels, mark);
            if let Some(head) = head {
                add(lines, "failover_mark_above_head", &labels, mark - i64::try_from(head.get())?);
            }
        }
    }
    Ok(())
}

fn guard(config: &Config, lines: &mut Lines) -> Option<()> {
    let state = config.state.as_deref().unwrap_or_else(|| Path::new(failover_core::state::StateDir::DEFAULT));
    let lifted = match Guard::new(state).status() {
        GuardStatus::Guarded => 0,
        GuardStatus::Lifted(_) => 1,
        GuardStatus::Unknown(_) => return None,
    };
    add(lines, "failover_guard_lifted", &[], lifted);
    Some(())
}
