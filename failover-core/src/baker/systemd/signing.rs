//! Which services of a machine sign, by what they run and by their names.

use std::time::Duration;

use crate::baker::systemctl::Systemctl;
use crate::baker::{BakerError, UnitName, process, tezbake};
use crate::host::Host;

/// For what names every unit of a machine.
const LIST: Duration = Duration::from_secs(20);

/// The services on a machine whose names fit one of these patterns (`octez-baker*`), loaded or only installed. Changes
/// nothing: it is for a suggestion to a person, who knows what else signs there.
///
/// # Errors
/// systemctl does not say: unknown, not none (S3).
pub fn installed<H: Host>(host: H, patterns: &[&str]) -> Result<Vec<UnitName>, BakerError> {
    let mut systemctl = Systemctl::new(host);
    systemctl.list(patterns)
}

/// Every service of a machine that signs, loaded or only installed, by what it runs and by TezBake's names. Changes nothing.
///
/// | argv | what is read from it |
/// |---|---|
/// | `systemctl list-unit-files`, `list-units`, as for one pattern, here `*.service` | the names |
/// | `systemctl show -p Id,ExecStart -- UNITS` | `Id=`, and `path=` and `argv[]=` of each `ExecStart=`; units are parted by an empty line |
///
/// # Errors
/// systemctl does not say: unknown, not none (S3).
pub fn signing<H: Host>(host: H) -> Result<Vec<UnitName>, BakerError> {
    let mut systemctl = Systemctl::new(host);
    let all = systemctl.list(&["*.service"])?;
    // A template runs nothing by itself, and cannot be shown.
    let all: Vec<UnitName> = all.into_iter().filter(|unit| !unit.as_str().contains("@.")).collect();
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let mut argv = vec!["systemctl", "show", "-p", "Id,ExecStart", "--"];
    argv.extend(all.iter().map(UnitName::as_str));
    let shown = systemctl.ask(&argv, LIST)?;
    let signs = |block: &&str| {
        let named = block.lines().filter_map(|line| line.strip_prefix("Id=")).any(tezbake::is_signing);
        named || block.lines().filter_map(|line| line.strip_prefix("ExecStart=")).any(runs_a_signer)
    };
    let names = shown.split("\n\n").filter(signs).filter_map(|block| {
        let id = block.lines().find_map(|line| line.strip_prefix("Id="))?;
        all.iter().find(|unit| unit.as_str() == id).cloned()
    });
    Ok(names.collect())
}

/// `{ path=/usr/bin/octez-baker ; argv[]=/usr/bin/octez-baker run ... ; ignore_errors=no ; ... }`: a program that signs, or
/// one behind a shell or `env`.
pub(in crate::baker) fn runs_a_signer(exec: &str) -> bool {
    let argv = exec.split_once("argv[]=").map_or(exec, |(_, rest)| rest);
    let argv = argv.split(" ; ").next().unwrap_or_default();
    let words: Vec<&str> = argv.split_ascii_whitespace().map(|word| word.trim_matches(['"', '\''])).collect();
    let words = behind_a_shell(&words);
    // Only where the program itself is told so, and no script that does more.
    let other = words.first().is_some_and(|program| process::is_signer(program));
    !(other && process::runs_no_baker(words)) && words.iter().any(|word| process::is_signer(word))
}

/// `sh -lc 'exec PROGRAM ...'` and nothing else is PROGRAM (octez-manager, 2026-01).
fn behind_a_shell<'a, 'b>(words: &'b [&'a str]) -> &'b [&'a str] {
    match words {
        [shell, flags, "exec", program @ ..]
            if ["/bin/sh", "/usr/bin/sh", "/bin/bash", "/usr/bin/bash"].contains(shell)
                && flags.starts_with('-')
                && flags.ends_with('c')
                && !program.iter().any(|word| word.contains([';', '&', '|', '`', '('])) =>
        {
            program
        }
        words => words,
    }
}
