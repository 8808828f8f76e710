//! What a baker or a signer says of itself when it does not work: the warnings and errors in its journal.
//!
//! | argv | what is read from it |
//! |---|---|
//! | `journalctl --no-pager -q -o cat -n 400 --since=-SECONDSs -u UNIT ...` * | Octez's lines, `Sep 09 10:58:19.254 WARN │ TEXT` (v21 and later) and `Oct 15 09:38:45.557: TEXT` (before), what belongs to one being indented below it; and what systemd says of the unit |
//!
//! `*`: as root, or by `sudo -n`, where the journal is not everybody's.

use std::time::Duration;

use super::systemctl::Systemctl;
use super::{BakerError, UnitName};
use crate::host::Host;

/// Deadline of a question, short because nothing looks for a foreign signature meanwhile (S8).
const DEADLINE: Duration = Duration::from_secs(1);
/// How many complaints are told, the last ones, and how long each may be.
const MOST: usize = 5;
const LONGEST: usize = 240;
/// Words that make a line a complaint where it has no level of its own.
const WORDS: [&str; 9] =
    ["error", "warning", "fatal", "unable to", "cannot", "could not", "failed", "failure", "refused"];

/// What the services of a machine say of themselves when they do not work: for a person to read, no verdict asks for it.
pub trait ServiceLog {
    /// Warnings and errors of what signs there, from its own journal within that time: one text each, the last ones last.
    ///
    /// # Errors
    /// The journal cannot be read.
    fn complaints(&mut self, within: Duration) -> Result<Vec<String>, BakerError>;
}

impl<H: Host> Systemctl<H> {
    /// What these units complained of in that time, the last ones last. It is told to a person, and judged by nobody.
    pub(super) fn complaints(&mut self, units: &[UnitName], within: Duration) -> Result<Vec<String>, BakerError> {
        // Without any, all of the machine would be asked.
        if units.is_empty() {
            return Ok(Vec::new());
        }
        let since = format!("--since=-{}s", within.as_secs().max(1));
        let mut argv = vec!["journalctl", "--no-pager", "-q", "-o", "cat", "-n", "400", &since];
        argv.extend(units.iter().flat_map(|unit| ["-u", unit.as_str()]));
        let said = self.ask_as_root(&argv, DEADLINE)?;
        match said.code {
            0 => Ok(complaints(&said.stdout)),
            code => Err(self.unclear(format!("journalctl exits {code}"))),
        }
    }
}

/// The complaints among a journal's lines: each once, the last ones last.
fn complaints(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut within = false;
    for line in text.lines() {
        let line: String = plain(line);
        match read(&line) {
            Line::Complaint(words) if !words.is_empty() => {
                // Said again, it counts as said last.
                found.push(words.to_owned());
                within = true;
            }
            Line::More(words) if within && !words.is_empty() => {
                if let Some(last) = found.last_mut().filter(|last| last.chars().count() < LONGEST) {
                    *last = format!("{last} {words}");
                }
            }
            Line::More(_) | Line::Complaint(_) => {}
            Line::Other => within = false,
        }
    }
    let mut told: Vec<String> = Vec::new();
    for words in found.into_iter().rev() {
        let words: String = words.chars().take(LONGEST).collect();
        if told.len() < MOST && !told.contains(&words) {
            told.push(words);
        }
    }
    told.reverse();
    told
}

/// One line of a journal.
enum Line<'a> {
    Complaint(&'a str),
    /// Belongs to the line before.
    More(&'a str),
    Other,
}

fn read(line: &str) -> Line<'_> {
    if let Some((head, words)) = line.split_once('│') {
        let level = head.split_whitespace().last().unwrap_or_default();
        return match level {
            "WARN" | "WARNING" | "ERROR" | "FATAL" => Line::Complaint(words.trim()),
            "" => Line::More(words.trim()),
            _ => Line::Other,
        };
    }
    let (stamped, words) = without_time(line);
    if words.trim().is_empty() {
        return Line::More("");
    }
    if stamped && words.starts_with("  ") || !stamped && line.starts_with(' ') {
        return Line::More(words.trim());
    }
    let lower = words.to_lowercase();
    match WORDS.iter().any(|word| lower.contains(word)) {
        true => Line::Complaint(words.trim()),
        false => Line::Other,
    }
}

/// A line without `Oct 15 09:38:45.557: ` in front, and whether it had it. One blank behind the colon is its own.
fn without_time(line: &str) -> (bool, &str) {
    let Some((head, words)) = line.split_once(": ") else {
        return match line.strip_suffix(':').filter(|head| is_time(head)) {
            Some(_) => (true, ""),
            None => (false, line),
        };
    };
    if is_time(head) { (true, words) } else { (false, line) }
}

/// `Oct 15 09:38:45.557`.
fn is_time(head: &str) -> bool {
    let mut words = head.split_whitespace().rev();
    let clock = words.next().unwrap_or_default();
    let whole = clock.len() >= 8 && clock.bytes().all(|b| b.is_ascii_digit() || b":.".contains(&b));
    whole && clock.contains(':') && head.len() <= 24
}

/// Without colours and other control characters.
fn plain(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut escape = false;
    for c in line.chars() {
        match (escape, c) {
            (true, c) if c.is_ascii_alphabetic() => escape = false,
            (true, _) => {}
            (false, '\x1b') => escape = true,
            (false, c) if c.is_control() => out.push(' '),
            (false, c) => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octez_with_levels() {
        let said = "\
Sep 09 10:58:12.290 NOTICE │ head is now 21634129, no error
Sep 09 10:58:13.306 WARN   │ node is not synchronized
Sep 09 10:58:14.306 \x1b[31mERROR\x1b[0m  │ unable to sign attestation
                           │   the key is locked
Sep 09 10:58:15.000 NOTICE │ received new head
                           │   nothing of it
Sep 09 10:58:16.000 WARN   │ node is not synchronized
";
        assert_eq!(complaints(said), ["unable to sign attestation the key is locked", "node is not synchronized"]);
    }

    #[test]
    fn octez_without_levels_as_signatorys_issue_505_shows_it() {
        let said = "\
Oct 15 09:38:45.000: block injected at level 8562105
Oct 15 09:38:45.557: unable to sign attestation for mykey
Oct 15 09:38:45.557:   at level 8562106, round 0 --
Oct 15 09:38:45.557:   Error:
Oct 15 09:38:45.557:
Oct 15 09:38:46.000: received new head
Oct 15 09:38:46.001:   nothing of it
";
        assert_eq!(complaints(said), ["unable to sign attestation for mykey at level 8562106, round 0 -- Error:"]);
    }

    #[test]
    fn what_systemd_says_and_what_has_no_end() {
        let said = "Started baker.\nx.service: Failed with result 'exit-code'.\nStopped baker.\n";
        assert_eq!(complaints(said), ["x.service: Failed with result 'exit-code'."]);
        let many: String = (0..30).map(|n| format!("error {n} {}\n", "x".repeat(900))).collect();
        let told = complaints(&many);
        assert!(told.len() == MOST && told[4].starts_with("error 29") && told.iter().all(|t| t.len() == LONGEST));
        assert!(complaints("").is_empty() && complaints("\n\n  \n: \n│\n").is_empty());
    }
}
