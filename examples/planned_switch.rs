//! How does a planned switch run inside a program of your own, with its people elsewhere? The run has a thread of its own; its
//! `Operator` sends each question over a channel, its `Recorder` each record. At the other end may be a page or a bot; here it
//! is what is typed and printed.
//!
//! `cargo run --example planned_switch -- /etc/failover/config.toml`, on the backup, while the primary bakes; or with the
//! `failover.toml` that `failover drill --serve DIR` writes. A run that is unfinished is named, and the program ends with 6;
//! a person who wants to take it up adds `--resume`. Ctrl-C, SIGTERM and SIGHUP end a run at its next look.

use std::error::Error;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use failover_core::config::{Config, Signer, secret};
use failover_core::failover::Recorder;
use failover_core::journal::record::{End, Plan, Record, StepResult};
use failover_core::journal::{JournalError, JournalFile};
use failover_core::operator::{Answer, Operator, OperatorError, Question};
use failover_core::session::{Look, Opening, Session, SessionError, Wanted};
use failover_core::signer::{Passphrase, ledger};
use failover_core::state::PlanId;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// Says a line. A terminal that is closed, or a pipe that nobody reads, must not end the run in the middle of a step.
macro_rules! say {
    ($($line:tt)*) => {{
        let _nobody_reads = writeln!(std::io::stdout(), $($line)*);
    }};
}

/// How long a question stands (S10).
const DEADLINE: Duration = Duration::from_secs(600);

/// How often a question looks whether the run is to be stopped.
const LOOK: Duration = Duration::from_millis(200);

/// What a run says to the other end.
enum Told {
    /// It waits for this sentence, and for no other.
    Asked { question: Question, sentence: String },
    /// It is on the disk.
    Recorded(Box<Record>),
}

/// No button and no default: a statement is typed in full. What is not understood, as of a later version, is no yes.
fn sentence(question: &Question) -> Result<String, OperatorError> {
    match question {
        Question::Proceed { .. }
        | Question::Disconnected { .. }
        | Question::PoweredOff { .. }
        | Question::LedgerSetting => Ok(question.sentence()),
        _ => Err(OperatorError::Cancelled),
    }
}

struct OtherEnd {
    tell: Sender<Told>,
    typed: Receiver<String>,
    signer: Signer,
    cancel: Arc<AtomicBool>,
}

impl Operator for OtherEnd {
    fn can_answer(&self, question: &Question) -> Result<(), OperatorError> {
        sentence(question).map(drop)
    }

    fn ask(&mut self, question: &Question) -> Result<Answer, OperatorError> {
        let sentence = sentence(question)?;
        // What was typed before it was asked is no answer to it.
        while self.typed.try_recv().is_ok() {}
        let asked = Told::Asked { question: question.clone(), sentence: sentence.clone() };
        self.tell.send(asked).map_err(|_| OperatorError::Cancelled)?;
        let asked = Instant::now();
        while asked.elapsed() < DEADLINE {
            // The library looks at the flag between its questions; in one, the program has to. Nobody has answered, so this is
            // no `Cancelled`: the run can be taken up again.
            if self.cancel.load(Ordering::SeqCst) {
                let after = Duration::from_secs(asked.elapsed().as_secs());
                return Err(OperatorError::Timeout { what: "the other end", after });
            }
            match self.typed.recv_timeout(LOOK) {
                Ok(typed) if typed.trim() == sentence => return Ok(Answer::Yes),
                Ok(_) => return Ok(Answer::No),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(OperatorError::Cancelled),
            }
        }
        Err(OperatorError::Timeout { what: "the other end", after: DEADLINE })
    }

    fn can_give_passphrase(&self) -> Result<(), OperatorError> {
        passphrase_file(&self.signer).map(drop)
    }

    /// Over no channel: from a file that only its owner reads (S9).
    fn passphrase(&mut self) -> Result<Passphrase, OperatorError> {
        Ok(secret("passphrase_file", passphrase_file(&self.signer)?).map_err(|_| OperatorError::Cancelled)?.passphrase)
    }
}

fn passphrase_file(signer: &Signer) -> Result<&Path, OperatorError> {
    let none = OperatorError::NoTerminal { what: "the passphrase", flag: "passphrase_file" };
    signer.passphrase_file.as_deref().ok_or(none)
}

/// On the disk first (S6). Where nobody listens any more the run is not ended by that.
struct Written(JournalFile<Record>, Sender<Told>);

impl Recorder for Written {
    fn record(&mut self, at: failover_core::clock::Timestamp, record: &Record) -> Result<(), JournalError> {
        self.0.append(at, record)?;
        let _nobody_listens = self.1.send(Told::Recorded(Box::new(record.clone())));
        Ok(())
    }
}

/// What a run would do now. It takes no lock and changes nothing.
fn look(config: &Config) -> Result<Plan, Box<dyn Error>> {
    let state = Wanted::default().state(config)?;
    let policy = Wanted::default().policy(config, &state)?;
    Ok(Look::open(config, &state, policy, PlanId::random()?, None, Arc::default())?.plan()?)
}

/// The locks. A run that is unfinished is taken up again by a person's word alone; without it, it is why none is begun.
fn open(config: &Config, wanted: &Wanted, resume: bool) -> Result<Option<Opening>, SessionError> {
    if resume { Session::resume(config, wanted) } else { Session::open(config, wanted).map(Some) }
}

fn switch(
    opening: Opening,
    operator: OtherEnd,
    recorder: impl FnOnce(JournalFile<Record>) -> Box<dyn Recorder>,
) -> Result<End, SessionError> {
    // From here on a signal ends the run at its next look, and not the process. Before, nothing was done.
    for signal in [SIGHUP, SIGINT, SIGTERM] {
        if let Err(error) = signal_hook::flag::register(signal, Arc::clone(&operator.cancel)) {
            say!("signal {signal} will end this process at once: {error}");
        }
    }
    let session = opening.session(Box::new(operator), recorder)?;
    Ok(session.run())
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    // A Ledger on USB is read by a child process: this program again.
    if let Some(code) = ledger::hid::serve_child(std::env::args_os()) {
        return Ok(code);
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (file, resume) = match arguments.as_slice() {
        [file] => (file, false),
        [file, word] if word == "--resume" => (file, true),
        _ => return Err("usage: planned_switch CONFIG [--resume]".into()),
    };
    let config = Config::read(Path::new(file))?;
    // The flag is one: what stops the run ends a wait for the device and a question too.
    let wanted = Wanted::default();
    let opening = match open(&config, &wanted, resume) {
        Ok(Some(opening)) => opening,
        Ok(None) => return Err("no run was interrupted: leave out --resume".into()),
        // Nothing was begun: a run is unfinished, another one is in progress, a duplicate is latched.
        Err(error) => return Ok(last_words(&error.end())),
    };
    let opening = if resume {
        say!("the run {} is taken up again", opening.plan());
        opening
    } else {
        let plan = look(&config)?;
        say!("plan {}: {} keys to level {}; {}", plan.plan, plan.keys.len(), plan.floor, plan.why);
        if plan.path != failover_core::decision::Path::Controlled {
            return Err("that is no planned switch: see docs/night.md".into());
        }
        opening.of_plan(plan.plan)
    };
    let ((tell, told), (types, typed)) = (channel(), channel());
    let operator =
        OtherEnd { tell: tell.clone(), typed, signer: config.signer.clone(), cancel: Arc::clone(&wanted.cancel) };
    let run = std::thread::spawn(move || switch(opening, operator, |file| Box::new(Written(file, tell))));
    std::thread::spawn(move || std::io::stdin().lines().map_while(Result::ok).try_for_each(|line| types.send(line)));
    // It ends when the run has let go of both its ends.
    told.into_iter().for_each(|told| show(&told));
    let end = run.join().map_err(|_| "the run panicked: look at `failover status`")?;
    Ok(last_words(&end.unwrap_or_else(SessionError::end)))
}

fn last_words(end: &End) -> ExitCode {
    say!("{}; {}", end.message, end.next);
    ExitCode::from(end.exit)
}

fn show(told: &Told) {
    match told {
        Told::Asked { question, sentence } => say!("{question:?}\n  to be typed: {sentence}"),
        Told::Recorded(record) => match &**record {
            Record::Before { number, step } => say!("{number}  {}", step.name()),
            Record::After { step, result: StepResult::Failed { why, next, .. }, .. } => {
                say!("{}: {why}; {next}", step.name());
            }
            Record::Duplicate { signed, .. } => say!("foreign signatures: {signed:?}"),
            _ => {}
        },
    }
}
