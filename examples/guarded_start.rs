//! May this machine bake? Whatever starts a baker can ask, and start it only then.
//!
//! `cargo run --example guarded_start -- /var/lib/failover octez-baker run ...` becomes that command where
//! the guard in this state folder says yes, and exits 3 where it says no, or where it cannot tell. Without arguments, it
//! shows a folder's guard being taken and lifted.
#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use std::error::Error;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};

use failover_core::clock::{Clock, SystemClock};
use failover_core::guard::{Guard, Lift};
use failover_core::state::StateDir;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [folder, program, rest @ ..] => Ok(start(Path::new(folder), program, rest)),
        [] => show(),
        _ => Err("usage: guarded_start [STATE-FOLDER PROGRAM ARGUMENTS...]".into()),
    }
}

fn start(folder: &Path, program: &str, arguments: &[String]) -> ExitCode {
    match Guard::new(folder).check() {
        Ok(token) => {
            println!("may bake since {}, {}", token.at, token.by);
            // It becomes the baker: there is no process in between that could outlive it.
            let error = Command::new(program).args(arguments).exec();
            eprintln!("{program}: {error}");
            ExitCode::FAILURE
        }
        // No token, a duplicate that nobody has cleared, a folder that cannot be read: all of them are no.
        Err(error) => {
            eprintln!("{error}; {}", error.next());
            ExitCode::from(3)
        }
    }
}

fn show() -> Result<ExitCode, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let state = StateDir::open(folder.path())?;
    let guard = Guard::new(state.path());
    println!("new: {}", said(&guard));
    // A run lifts it when it has approved the start. By hand it takes a person's whole sentence, about this baker.
    assert!(Lift::stated("mybaker", "yes").is_none(), "nothing else is a leave");
    let leave = Lift::stated("mybaker", &Lift::sentence("mybaker")).ok_or("this is the sentence")?;
    guard.lift(&leave, SystemClock.now())?;
    println!("lifted: {}", said(&guard));
    // Taking it needs nobody's leave.
    guard.install()?;
    println!("taken: {}", said(&guard));
    Ok(ExitCode::SUCCESS)
}

fn said(guard: &Guard) -> String {
    match guard.check() {
        Ok(token) => format!("may bake, {}", token.by),
        Err(error) => format!("{error}; {}", error.next()),
    }
}
