//! `completions` and `man`: from the same description that parses the command line.

use clap::CommandFactory;

use crate::args::Cli;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{End, Output};

/// Writes a shell's completions.
pub(crate) fn completions(shell: clap_complete::Shell, out: &mut Output) -> End {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "failover", &mut text);
    out.document("completions", &String::from_utf8_lossy(&text));
    End::done("save this where your shell looks for completions")
}

/// Writes the manual page.
///
/// # Errors
/// It could not be made.
pub(crate) fn man(out: &mut Output) -> Result<End, Failure> {
    let mut text = Vec::new();
    clap_mangen::Man::new(Cli::command())
        .render(&mut text)
        .map_err(|error| Failure::new(Exit::Failed, error, "read `failover --help` instead"))?;
    out.document("man", &String::from_utf8_lossy(&text));
    Ok(End::done("save this as failover.1 in a folder of manual pages"))
}
