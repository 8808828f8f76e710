//! What the tests of the program share: calling it, and devices and a node for it to talk to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use failover_core::clock::{Clock as _, SystemClock, Timestamp};
use failover_core::signer::Model;
use failover_core::signer::tezsign::Interface;
use failover_core::signer::tezsign::socket::sign_path;
use failover_core::tezos::ChainId;
use failover_sim::tezsign::{SimGadget, TezSignOptions, TezSignSim};
use failover_sim::{Answer, Source, World, WorldOptions};
use serde_json::Value;

/// What a call said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// Every line of standard output as JSON; fails where one is not.
    pub(crate) fn records(&self) -> Vec<Value> {
        let read = |line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        let records: Vec<Value> = self.out.lines().map(read).collect();
        assert!(records.iter().all(|record| record["v"] == 1), "each has the version of its form: {}", self.out);
        records
    }

    /// The records with this name.
    pub(crate) fn named(&self, name: &str) -> Vec<Value> {
        self.records().into_iter().filter(|record| record["record"] == name).collect()
    }

    /// The last record, which must be the end with the exit code, an outcome and a next action.
    pub(crate) fn end(&self) -> Value {
        let end = self.records().pop().unwrap_or_else(|| panic!("no line at all: {self:?}"));
        assert_eq!(end["record"], "end", "{self:?}");
        assert_eq!(end["exit"], self.code, "{self:?}");
        assert!(end["next"].as_str().is_some_and(|next| !next.is_empty()), "{self:?}");
        let outcomes =
            ["done", "failed", "usage", "refused", "not-ready", "duplicate", "interrupted", "locked", "cancelled"];
        assert_eq!(end["outcome"], outcomes[usize::try_from(self.code).unwrap()], "{self:?}");
        end
    }

    /// The message of the one error record.
    pub(crate) fn error(&self) -> String {
        let errors = self.named("error");
        assert_eq!(errors.len(), 1, "{self:?}");
        errors[0]["message"].as_str().unwrap().to_owned()
    }
}

/// The program, with nothing of this machine's configuration.
pub(crate) fn failover(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_failover"));
    command.args(args).stdin(Stdio::null());
    command
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .env("XDG_STATE_HOME", "/nonexistent")
        .env_remove("TEZSIGN_UNLOCK_PASS");
    command
}

/// Calls it to its end.
pub(crate) fn finish(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

/// Calls it with these arguments.
pub(crate) fn call(args: &[&str]) -> Said {
    finish(&mut failover(args))
}

/// A simulated TezSign behind a unix socket.
pub(crate) struct Gadget {
    pub(crate) sim: SimGadget,
    pub(crate) selector: String,
    pub(crate) path: PathBuf,
}

/// Serves one in a folder.
pub(crate) fn gadget(folder: &Path) -> Gadget {
    let sim = SimGadget::new(TezSignSim::new(TezSignOptions::default()), Arc::new(SystemClock));
    let path = folder.join("t.sock");
    serve(&sim, Interface::Management, &path);
    serve(&sim, Interface::Sign, &sign_path(&path));
    Gadget { sim, selector: format!("tezsign+unix:{}", path.display()), path }
}

fn serve(sim: &SimGadget, interface: Interface, path: &Path) {
    let (sim, listener) = (sim.clone(), UnixListener::bind(path).unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            // A service holds it: nobody else is served.
            if interface == Interface::Sign && sim.holder(interface).is_some() {
                continue;
            }
            let mut header = [0; 23];
            while stream.read_exact(&mut header).is_ok() {
                let len = u32::from_le_bytes([header[18], header[19], header[20], header[21]]);
                let mut frame = header.to_vec();
                frame.resize(23 + usize::try_from(len).unwrap(), 0);
                stream.read_exact(&mut frame[23..]).unwrap();
                let answer = sim.with(|sim| sim.receive(interface, &frame, SystemClock.now()));
                if stream.write_all(&answer).is_err() {
                    break;
                }
            }
        }
    });
}

/// Serves answers over HTTP, one a connection, and gives the URL.
pub(crate) fn http(answer: impl Fn(&str) -> (u16, Vec<u8>) + Send + 'static) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            let Some(request) = lines.next() else { continue };
            for line in lines {
                if line.is_empty() {
                    break;
                }
            }
            let (status, body) = answer(request.split(' ').nth(1).unwrap_or_default());
            let head = format!(
                "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
        }
    });
    url
}

/// The level at which a simulated chain begins.
const HEAD: u64 = 15_000_000;

/// A node of a simulated chain that keeps the system's time.
pub(crate) fn node(chain: ChainId) -> String {
    let world = world(chain, 0);
    http(move |path| {
        world.advance_to(SystemClock.now());
        answer(&world, path)
    })
}

/// A node, and a further one of the same chain.
pub(crate) fn nodes(chain: ChainId) -> (String, String) {
    let world = world(chain, 0);
    let own = world.clone();
    let own = http(move |path| {
        own.advance_to(SystemClock.now());
        answer(&own, path)
    });
    let further = http(move |path| match world.source_rpc(Source::Node, path) {
        Answer::Http { status, body } => (status, body),
        other => panic!("{other:?}"),
    });
    (own, further)
}

/// A node whose chain stopped this many seconds after now; negative for before.
pub(crate) fn stopped(seconds: i64) -> String {
    let world = world(ChainId::MAINNET, seconds);
    http(move |path| answer(&world, path))
}

/// A simulated chain on which our baker baked until now.
pub(crate) fn world(chain: ChainId, seconds: i64) -> World {
    let mut options = WorldOptions::new(Model::TezSign, 7);
    options.begins = Timestamp::from_millis(SystemClock.now().millis() + seconds * 1000);
    (options.head, options.chain) = (Some(HEAD), chain);
    World::new(options)
}

fn answer(world: &World, path: &str) -> (u16, Vec<u8>) {
    match world.rpc(path) {
        Answer::Http { status, body } => (status, body),
        other => panic!("{other:?}"),
    }
}
