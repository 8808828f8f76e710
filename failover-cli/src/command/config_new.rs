//! `config new`: a commented file to start from, filled in with what was found here and what a person says.
//!
//! [`look`] reads the world, [`ask`] puts the questions, and the template is pure. Nothing is changed but the new file.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use failover_core::state;

use crate::args::{ConfigNew, Global};
use crate::command::config_check;
use crate::config::{self, Template};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{End, Output};
use crate::prompt;
use crate::settings::Settings;

mod ask;
mod asking;
mod control;
mod keys;
mod look;
mod person;

use person::Person;

/// Looks, asks, writes the file, never over another one, and checks it where nothing was left open.
///
/// # Errors
/// A flag's value is wrong, the person cancelled, or the file is there already or cannot be written.
pub(crate) fn run(global: &Global, wanted: &ConfigNew, out: &mut Output) -> Result<End, Failure> {
    if let Some(network) = wanted.network.clone() {
        // Before anything is looked for.
        text(&Template { network: Some(network), ..Template::default() })?;
    }
    let named = wanted.path.as_ref().or(wanted.output.as_ref());
    if let Some(path) = named {
        not_there(path)?;
    }
    let mut person = Person::new(out, !wanted.yes && prompt::somebody());
    let template = ask::template(global, wanted, &mut person)?;
    let path = match named {
        Some(path) => Some(path.clone()),
        None => ask_path(&mut person)?,
    };
    let Some(path) = path else {
        out.document("config", &text(&template)?);
        return Ok(End::done("save this as a file, then run `failover --config FILE config check`"));
    };
    write(&path, &text(&template)?)?;
    out.line(format!("Written to {}.", path.display()));
    let failover = match config::usual().contains(&path) {
        true => "failover".to_owned(),
        false => format!("failover --config {}", path.display()),
    };
    let open = template.open();
    if !open.is_empty() {
        let (open, path) = (open.join(", "), path.display());
        return Ok(End::done(format!("fill in {open}, as {path} says there, then run `{failover} config check`")));
    }
    let settings = Settings::load(Global { config: Some(path), state: global.state.clone(), ..Global::default() })?;
    config_check::run(&settings, out)?;
    Ok(End::done(format!("run `{failover} check`; after each change of the file `{failover} config check`")))
}

fn text(template: &Template) -> Result<String, Failure> {
    template.text().map_err(|error| Failure::usage(error, "use mainnet, shadownet or a chain id"))
}

/// Where nobody named a file: the usual place, which a person may change. Standard output where it is no terminal.
fn ask_path(person: &mut Person<'_>) -> Result<Option<PathBuf>, Failure> {
    if !person.asked || !io::IsTerminal::is_terminal(&io::stdout()) {
        return Ok(None);
    }
    let usual = config::usual().into_iter().next().map(|path| path.display().to_string());
    loop {
        let text = person.line("The file to write, or - to show it", usual.as_deref())?;
        let Some(text) = text.filter(|text| text != "-") else { return Ok(None) };
        let path = PathBuf::from(text);
        match not_there(&path) {
            Ok(()) => return Ok(Some(path)),
            Err(failure) => person.warn(failure),
        }
    }
}

fn wrong(path: &Path, error: &io::Error) -> Failure {
    let next = match error.kind() {
        io::ErrorKind::AlreadyExists => "name another file: nothing is ever overwritten",
        _ => "name a file in a folder that can be written",
    };
    Failure::new(Exit::Usage, format!("{} was not written: {error}", path.display()), next)
}

/// Asked before a person answers everything for nothing. A link that leads nowhere is there too.
fn not_there(path: &Path) -> Result<(), Failure> {
    match fs::symlink_metadata(path) {
        Ok(_) => Err(wrong(path, &io::ErrorKind::AlreadyExists.into())),
        Err(_) => Ok(()),
    }
}

/// Whole or not at all, and for its owner only: it says where the passphrase is.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let wrong = |error: io::Error| wrong(path, &error);
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) {
        // One new folder is what the usual place needs; more would be a typing error's.
        fs::DirBuilder::new().mode(0o755).create(folder).map_err(wrong)?;
    }
    // Taking the name first is what overwrites nothing.
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(wrong)?;
    state::replace(path, text.as_bytes(), 0o600).map_err(|error| {
        // It is empty, and means nothing; the first error is the one to tell.
        let _ = fs::remove_file(path);
        wrong(error)
    })
}
