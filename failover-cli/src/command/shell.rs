//! `completions` and `man`: from the same description that parses the command line.

use std::path::Path;

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

/// Writes the manual page, or every page to a folder.
///
/// # Errors
/// It could not be made or written.
pub(crate) fn man(folder: Option<&Path>, out: &mut Output) -> Result<End, Failure> {
    if let Some(folder) = folder {
        clap_mangen::generate_to(Cli::command(), folder).map_err(|error| {
            let what = format!("{} was not written: {error}", folder.display());
            Failure::usage(what, "name a folder that is there and can be written")
        })?;
        return Ok(End::done(format!("read them with `man -l {}`", folder.join("failover.1").display())));
    }
    let mut text = Vec::new();
    clap_mangen::Man::new(Cli::command())
        .render(&mut text)
        .map_err(|error| Failure::new(Exit::Failed, error, "read `failover --help` instead"))?;
    out.document("man", &String::from_utf8_lossy(&text));
    Ok(End::done("save this as failover.1 in a folder of manual pages"))
}
