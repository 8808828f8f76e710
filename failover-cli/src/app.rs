//! From the command line to the last line.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use crate::args::Cli;
use crate::command::{self, Over};
use crate::exit::Exit;
use crate::output::{End, Output};

/// Runs one command line to its end.
pub(crate) fn main(argv: Vec<OsString>) -> ExitCode {
    // Looked for by hand as well: a line that cannot be parsed still says in which form it wants its answer.
    let json = argv.iter().skip(1).take_while(|word| *word != "--").any(|word| word == "--json");
    let mut out = Output::stdout(json);
    let end = match Cli::try_parse_from(argv).map(|cli| command::dispatch(cli, &mut out)) {
        Ok(Ok(Over::Code(code))) => return code,
        Ok(Ok(Over::End(end))) => end,
        Ok(Err(failure)) => {
            out.error(&failure);
            failure.end()
        }
        // One line, as every program's version is.
        Err(error) if error.kind() == ErrorKind::DisplayVersion && !json => {
            out.document("version", &error.to_string());
            return ExitCode::SUCCESS;
        }
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
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let text = if out.is_colourful() { text.ansi().to_string() } else { text.to_string() };
            out.document(if error.kind() == ErrorKind::DisplayVersion { "version" } else { "help" }, &text);
            // Nothing was asked for: a script that forgot its command must not go on.
            let exit = if error.exit_code() == 0 { Exit::Done } else { Exit::Usage };
            End::new(exit, "rehearse with `failover drill`; nothing needs to be plugged in")
        }
        _ => {
            let text = text.to_string();
            out.error(text.trim().trim_start_matches("error: "));
            End::new(Exit::Usage, "correct the command line; `failover --help` shows what there is")
        }
    }
}
