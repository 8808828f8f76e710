//! How does a planned switch run inside a program of your own, with its people elsewhere? The run has a thread of its own; its
//! `Operator` sends each question over a channel, its `Recorder` each record. At the other end may be a page or a bot; here it
//! is what is typed and printed.
//!
//! `cargo run --example planned_switch -- /etc/failover/config.toml`, on the backup, while the primary bakes; or with the
//! `failover.toml` that `failover drill --serve DIR` writes.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use failover_core::config::{Config, Signer, secret};
use failover_core::failover::Recorder;
use failover_core::journal::record::{End, Plan, Record, StepResult};
use failover_core::journal::{JournalError, JournalFile};
use failover_core::operator::{Answer, Operator, OperatorError, Question};
use failover_core::session::{Look, Session, Wanted};
use failover_core::signer::{Passphrase, ledger};
use failover_core::state::PlanId;

/// How long a question stands (S10).
const DEADLINE: Duration = Duration::from_secs(600);

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
        match self.typed.recv_timeout(DEADLINE) {
            Ok(typed) if typed.trim() == sentence => Ok(Answer::Yes),
            Ok(_) => Ok(Answer::No),
            Err(RecvTimeoutError::Timeout) => Err(OperatorError::Timeout { what: "the other end", after: DEADLINE }),
            Err(RecvTimeoutError::Disconnected) => Err(OperatorError::Cancelled),
        }
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

/// On the disk first (S6). Where nobody listens any more the run goes on all the same.
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

fn switch(config: &Config, plan: PlanId, tell: Sender<Told>, typed: Receiver<String>) -> End {
    let operator = Box::new(OtherEnd { tell: tell.clone(), typed, signer: config.signer.clone() });
    let opened = Session::open(config, &Wanted::default());
    match opened.and_then(|opening| opening.of_plan(plan).session(operator, |file| Box::new(Written(file, tell)))) {
        Ok(session) => session.run(),
        // Nothing was begun: another run holds the lock, a duplicate is latched, a part cannot be opened.
        Err(error) => error.end(),
    }
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    // A Ledger on USB is read by a child process: this program again.
    if let Some(code) = ledger::hid::serve_child(std::env::args_os()) {
        return Ok(code);
    }
    let file = std::env::args().nth(1).ok_or("usage: planned_switch CONFIG")?;
    let config = Config::read(Path::new(&file))?;
    let plan = look(&config)?;
    println!("plan {}: {} keys to level {}; {}", plan.plan, plan.keys.len(), plan.floor, plan.why);
    if plan.path != failover_core::decision::Path::Controlled {
        return Err("that is no planned switch: see docs/night.md".into());
    }
    let ((tell, told), (types, typed)) = (channel(), channel());
    let run = std::thread::spawn(move || switch(&config, plan.plan, tell, typed));
    std::thread::spawn(move || std::io::stdin().lines().map_while(Result::ok).try_for_each(|line| types.send(line)));
    // It ends when the run has let go of both its ends.
    told.into_iter().for_each(|told| show(&told));
    let end = run.join().map_err(|_| "the run panicked: look at `failover status`")?;
    println!("{}; {}", end.message, end.next);
    Ok(ExitCode::from(end.exit))
}

fn show(told: &Told) {
    match told {
        Told::Asked { question, sentence } => println!("{question:?}\n  to be typed: {sentence}"),
        Told::Recorded(record) => match &**record {
            Record::Before { number, step } => println!("{number}  {}", step.name()),
            Record::After { step, result: StepResult::Failed { why, next, .. }, .. } => {
                println!("{}: {why}; {next}", step.name());
            }
            Record::Duplicate { signed, .. } => println!("foreign signatures: {signed:?}"),
            _ => {}
        },
    }
}
