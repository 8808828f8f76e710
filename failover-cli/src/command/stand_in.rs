//! `stand-in`: a simulated machine's `tezbake`, `systemctl` or `ps`, for `drill --serve`. It speaks for that program,
//! so its output and exit code are the program's, with no last line of our own.

use std::io::Write;
use std::process::ExitCode;

use failover_sim::serve::stand_in;

use crate::args;

/// Asks the world and repeats its answer.
pub(crate) fn run(wanted: &args::StandIn) -> ExitCode {
    let argv: Vec<String> = wanted.argv.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let (code, stdout, stderr) = match stand_in(&wanted.socket, &wanted.side, &argv) {
        Ok(output) => (output.code, output.stdout, output.stderr),
        Err(error) => (255, String::new(), format!("{error}\n")),
    };
    // A reader that went away is no reason for another exit code.
    let _ = std::io::stdout().write_all(stdout.as_bytes());
    let _ = std::io::stderr().write_all(stderr.as_bytes());
    ExitCode::from(u8::try_from(code).unwrap_or(255))
}
