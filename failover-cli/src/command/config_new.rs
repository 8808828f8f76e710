//! `config new`: a commented file to start from.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::args::{ConfigNew, Global};
use crate::config::Template;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{End, Output};

/// Writes the file, never over another one.
///
/// # Errors
/// A flag's value is wrong, or the file is there already or cannot be written.
pub(crate) fn run(global: &Global, wanted: ConfigNew, out: &mut Output) -> Result<End, Failure> {
    let ConfigNew { name, address, network, primary, output } = wanted;
    let whole = address.is_some();
    let template =
        Template { name, address, network, node: global.node.clone(), device: global.device.clone(), primary };
    let text = template.text().map_err(|error| Failure::usage(error, "use mainnet, shadownet or a chain id"))?;
    let Some(path) = output else {
        out.document("config", &text);
        return Ok(End::done("save this as a file, then run `failover --config FILE config check`"));
    };
    write(&path, &text)?;
    out.line(format!("Written to {}.", path.display()));
    let check = format!("`failover --config {} config check`", path.display());
    Ok(End::done(if whole { format!("run {check}") } else { format!("fill in the baker's address, then run {check}") }))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let wrong = |error: std::io::Error| {
        let next = match error.kind() {
            std::io::ErrorKind::AlreadyExists => "name another file: nothing is ever overwritten",
            _ => "name a file in a folder that can be written",
        };
        Failure::new(Exit::Usage, format!("{} was not written: {error}", path.display()), next)
    };
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(wrong)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(wrong)
}
