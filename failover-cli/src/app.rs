//! From the command line to the last line.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use crate::args::{Cli, Command};
use crate::command;
use crate::exit::Exit;
use crate::output::{End, Output};

/// Runs one command line to its end.
pub(crate) fn main(argv: Vec<OsString>) -> ExitCode {
    // Looked for by hand as well: a line that cannot be parsed still says in which form it wants its answer.
    let json = argv.iter().skip(1).take_while(|word| *word != "--").any(|word| word == "--json");
    let mut out = Output::stdout(json);
    let end = match Cli::try_parse_from(argv) {
        // It speaks for another program, whose last line and exit code are its own.
        Ok(Cli { command: Command::StandIn(wanted), .. }) => return command::stand_in(&wanted),
        Ok(cli) => command::dispatch(cli, &mut out).unwrap_or_else(|failure| {
            out.error(&failure);
            failure.end()
        }),
        Err(error) => unparsed(&error, &mut out),
    };
    out.end_screen();
    out.end(&end);
    end.exit.into()
}

/// What clap has to say: help, the version, or what is wrong.
fn unparsed(error: &clap::Error, out: &mut Output) -> End {
    let text = error.render();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            if out.is_colourful() {
                out.document("help", &text.ansi().to_string());
            } else {
                out.document("help", &text.to_string());
            }
            End::done("rehearse with `failover drill`; nothing needs to be plugged in")
        }
        _ => {
            let text = text.to_string();
            out.error(text.trim().trim_start_matches("error: "));
            End::new(Exit::Usage, "correct the command line; `failover --help` shows what there is")
        }
    }
}
