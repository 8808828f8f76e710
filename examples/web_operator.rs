//! How does a person answer from a web page instead of a terminal? An `Operator` of your own, and the whole procedure.
//!
//! `cargo run --example web_operator` rehearses on a simulated world, and prints where its questions are:
//! `curl URL` shows the open one, `curl --data "what it wants typed" URL` answers it. For a real baker the parts are real
//! ones, as `failover-cli/src/session.rs` opens them; the operator stays what it is here.
#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use std::error::Error;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use failover_core::baker::TezbakeControl;
use failover_core::chain::ChainLevelSource;
use failover_core::chain::octez::OctezNode;
use failover_core::chain::tzkt::Tzkt;
use failover_core::clock::Timestamp;
use failover_core::decision::Policy;
use failover_core::effect::Hands;
use failover_core::failover::{Parts, Recorder};
use failover_core::guard::Guard;
use failover_core::host::HostIdentity;
use failover_core::journal::record::Record;
use failover_core::journal::{JournalError, JournalFile};
use failover_core::lock::{FileLock, Holder};
use failover_core::operator::{Answer, Operator, OperatorError, Question};
use failover_core::permit::{Root, RunId, RunPermit};
use failover_core::session::Session;
use failover_core::signer::{Model, Passphrase};
use failover_core::state::{PlanId, StateDir};
use failover_sim::{Event, Side, Source, World, WorldOptions};

/// How long a question stands (S10).
const DEADLINE: Duration = Duration::from_secs(600);

/// The question that is open, and what has to be typed.
type Open = Arc<Mutex<Option<(Question, String)>>>;

struct WebOperator {
    open: Open,
    typed: Receiver<String>,
    world: World,
}

impl Operator for WebOperator {
    fn ask(&mut self, question: &Question) -> Result<Answer, OperatorError> {
        // No button: a statement is typed in full, and taken as true.
        let sentence = question.sentence();
        // What was typed before it was asked is no answer to it.
        while self.typed.try_recv().is_ok() {}
        let show = |what| *self.open.lock().unwrap_or_else(PoisonError::into_inner) = what;
        show(Some((question.clone(), sentence.clone())));
        let typed = self.typed.recv_timeout(DEADLINE);
        show(None);
        match typed {
            Ok(typed) if typed.trim() == sentence => {
                if matches!(question, Question::Disconnected { .. }) {
                    // In the simulated world the person who says so has done so.
                    self.world.apply(Event::Unplug(Side::Primary));
                }
                Ok(Answer::Yes)
            }
            Ok(_) => Ok(Answer::No),
            Err(_) => Err(OperatorError::Timeout { what: "on the page", after: DEADLINE }),
        }
    }

    /// Not over the page: a real one comes from a file that only its owner reads.
    fn passphrase(&mut self) -> Result<Passphrase, OperatorError> {
        Ok(Passphrase::new(self.world.passphrase().into_bytes()))
    }
}

/// The page. Its path is the plan's id: an answer counts for one plan, and nobody guesses where to send it.
fn answer(mut stream: TcpStream, path: &str, open: &Open, typed: &Sender<String>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut reader = BufReader::new(stream.try_clone()?.take(64 * 1024));
    let mut header = Vec::new();
    while !header.ends_with(b"\r\n\r\n") && reader.read_until(b'\n', &mut header)? > 0 {}
    let header = String::from_utf8_lossy(&header);
    let lower = header.to_ascii_lowercase();
    let length = lower.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok()).unwrap_or(0);
    let question = open.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let (status, body) = match question {
        _ if header.split(' ').nth(1) != Some(path) => ("404 Not Found", "null".to_owned()),
        Some(_) if header.starts_with("POST ") => {
            let mut text = String::new();
            reader.take(length).read_to_string(&mut text)?;
            ("200 OK", typed.send(text).is_ok().to_string())
        }
        Some((question, sentence)) => {
            ("200 OK", serde_json::json!({ "question": question, "type": sentence }).to_string())
        }
        None => ("409 Conflict", "null".to_owned()),
    };
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

/// The journal is the usual file; the page could show its records as they come.
struct Written(JournalFile<Record>);

impl Recorder for Written {
    fn record(&mut self, at: Timestamp, record: &Record) -> Result<(), JournalError> {
        self.0.append(at, record).map(drop)
    }
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let state = StateDir::open(folder.path())?;
    let world = World::new(WorldOptions::new(Model::TezSign, 7));
    world.set_guard(Side::Backup, Guard::new(state.path()).token());
    let plan = PlanId::random()?;
    let mut policy = Policy::new("mybaker".to_owned(), world.baker(), world.options().chain);
    // Which machine the primary is: found out in quiet times, and kept (H19).
    policy.primary_pin = Some(HostIdentity { machine_id: world.machine_id(Side::Primary) });

    let (open, (send, typed)) = (Open::default(), channel());
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let path = format!("/{plan}");
    println!("http://{}{path}", listener.local_addr()?);
    let page = Arc::clone(&open);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A browser that goes away in the middle has answered nothing.
            let _gone = answer(stream, &path, &page, &send);
        }
    });

    // One failover a baker at a time (S7); a real one takes `FileLock::acquire`.
    let who = Holder::this("web_operator", world.now(), Some(plan));
    let root = |side: Side| Root::at(state.path().join(format!("machine of the {side}")));
    let here = root(Side::Backup);
    let lock = FileLock::acquire_under(&here, policy.chain, policy.baker, &who)?;
    // S13: the run lives by its permit on this machine, and claims the other. A real machine's root is `Root::usual`.
    let permits = here.of(policy.chain, policy.baker);
    let run = RunId::random()?;
    permits.begin(&run)?;
    let permit = RunPermit { permits, run, who: "web_operator".to_owned(), known: Vec::new() };
    let control = |side| TezbakeControl::new(world.host(side)).with_root(root(side));
    let guard = Guard::new(state.path());
    let hands = Hands {
        device: world.signer(Side::Backup),
        primary: Some(Box::new(control(Side::Primary))),
        primary_signer: None,
        power: None,
        backup: Box::new(control(Side::Backup).with_guard_token(guard.token())),
        guard,
        operator: Box::new(WebOperator { open, typed, world: world.clone() }),
        passphrase: None,
        locks: vec![Box::new(lock)],
        permit: Some(permit),
    };
    let recorder = Box::new(Written(state.create_journal(world.now(), plan)?));
    let (source, clock) = (Box::new(OctezNode::new(world.node())), Arc::new(world.clock()));
    // S15: one other source has to agree with the own node.
    let tzkt: Box<dyn ChainLevelSource> = Box::new(Tzkt::new(world.source(Source::Tzkt)));
    let (others, cancel) = (vec![tzkt], Arc::default());
    let parts = Parts { source, others, hands, policy, plan, clock, recorder, state, cancel };
    let end = Session::from_parts(parts, None)?.run();
    println!("{}; {}", end.message, end.next);
    println!("signed twice: {}", world.alarms().len());
    Ok(ExitCode::from(end.exit))
}
