//! The device tests, as they run inside the machine that `scripts/e2e.sh` boots: the simulated devices behind a real
//! kernel's USB and HID stack on one side, the real program on the other. One line a test; the whole story on
//! standard error.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

mod configfs;
mod failed;
mod functionfs;
mod helper;
mod ledger;
mod program;
mod tests;
mod tezsign;
mod wire;

use program::Program;
use tests::Named;

fn main() -> ExitCode {
    if let Some(code) = helper::stands_in() {
        return code;
    }
    let args: Vec<String> = std::env::args().skip(1).collect();
    let Some((path, rest)) = args.split_first() else { return ExitCode::from(2) };
    if let Some(code) = helper::run(path, rest) {
        return code;
    }
    let wanted = rest.first().filter(|words| !words.is_empty());
    let folder = std::env::temp_dir().join("e2e");
    if std::fs::create_dir_all(&folder).is_err() {
        return ExitCode::from(2);
    }
    let run = |lane: &'static [Named]| {
        let program = Program::new(PathBuf::from(path), folder.clone());
        let wanted = |name: &str| wanted.is_none_or(|wanted| name.contains(wanted.as_str()));
        lane.iter().filter(|(name, _)| wanted(name)).filter(|named| !passed(named, &program)).count()
    };
    // What is plugged in is looked at alone; then each kind of device has its own lane, because most of the time is waiting.
    let mut failed = run(tests::DISCOVERY);
    failed += std::thread::scope(|scope| {
        let ledger = scope.spawn(|| run(tests::LEDGER));
        let tezsign = run(tests::TEZSIGN);
        // A lane that panicked has failed.
        tezsign + ledger.join().unwrap_or(1)
    });
    if wanted.is_some() {
        failed += run(tests::LONG);
    }
    ExitCode::from(u8::from(failed > 0))
}

/// Runs one test; its line goes to standard output, its story to standard error.
fn passed((name, test): &Named, program: &Program) -> bool {
    let start = Instant::now();
    let outcome = test(program);
    let took = start.elapsed().as_secs_f64();
    let line = match &outcome {
        Ok(()) => format!("PASS {name} ({took:.1} s)"),
        Err(why) => format!("FAIL {name} ({took:.1} s): {}", why.to_string().replace('\n', " / ")),
    };
    let mut out = std::io::stdout().lock();
    let _story = writeln!(std::io::stderr(), "\n== {name}\n{}{line}", program.told());
    let _shown = writeln!(out, "{line}").and_then(|()| out.flush());
    outcome.is_ok()
}
