//! What the remote shell is told to do, and the marks that show how far it came.

use std::path::Path;
use std::time::Duration;

use crate::host::child::PLAIN;

/// How many seconds after the remote deadline's SIGTERM its SIGKILL follows.
const KILL_AFTER: u64 = 2;

/// The two lines that the remote side prints around a command's output. Random, so that no output can hold them by chance.
#[derive(Debug)]
pub(super) struct Marks {
    begin: String,
    end: String,
}

/// What standard output showed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Between {
    /// Not even the first mark: the command was not seen to begin.
    Nothing,
    /// It began, and its end was not seen.
    Begun,
    /// It ended with this code, having printed this.
    Ended { stdout: Vec<u8>, code: i32 },
}

impl Marks {
    pub(super) fn random() -> Result<Self, getrandom::Error> {
        let mut token = [0_u8; 16];
        getrandom::fill(&mut token)?;
        let token = hex::encode(token);
        Ok(Self { begin: format!("begin-{token}"), end: format!("end-{token}") })
    }

    /// The last complete end mark in these bytes: where it begins, and the exit code in it.
    pub(super) fn end(&self, bytes: &[u8]) -> Option<(usize, i32)> {
        let mark = format!("\n{} ", self.end);
        let at = bytes.windows(mark.len()).rposition(|window| window == mark.as_bytes())?;
        let rest = bytes.get(at.checked_add(mark.len())?..)?;
        let line = rest.get(..rest.iter().position(|&byte| byte == b'\n')?)?;
        let code = std::str::from_utf8(line).ok()?.parse().ok()?;
        Some((at, code))
    }

    /// Takes a stream, its beginning and its end, apart at the marks.
    pub(super) fn read(&self, (mut bytes, tail): (Vec<u8>, Vec<u8>)) -> Between {
        bytes.extend_from_slice(&tail);
        let mark = format!("\n{}\n", self.begin);
        let Some(begin) = bytes.windows(mark.len()).position(|window| window == mark.as_bytes()) else {
            return Between::Nothing;
        };
        // The newline that closes the first mark may be the one that opens the second.
        let from = begin.saturating_add(mark.len());
        match self.end(&bytes) {
            Some((at, code)) => Between::Ended { stdout: bytes.get(from..at).unwrap_or_default().to_vec(), code },
            None => Between::Begun,
        }
    }
}

/// The line for a POSIX shell. The error is a sentence's end for a person.
pub(super) fn script(argv: &[&str], deadline: Duration, path: Option<&Path>, marks: &Marks) -> Result<String, String> {
    let mut script = String::new();
    for (name, value) in PLAIN {
        script.push_str(&format!("{name}={value}; export {name}; "));
    }
    if let Some(path) = path {
        let path = path.to_str().ok_or_else(|| format!("{} is not text", path.display()))?;
        script.push_str(&format!("PATH={}:$PATH; export PATH; ", quote(path)));
    }
    // `timeout 0` would mean no deadline at all.
    let seconds = deadline.as_secs().saturating_add(u64::from(deadline.subsec_nanos() > 0)).max(1);
    let words: Vec<String> = argv.iter().map(|word| quote(word)).collect();
    let Marks { begin, end } = marks;
    script.push_str(&format!("printf '\\n%s\\n' {begin}; timeout -k {KILL_AFTER} {seconds} {}; ", words.join(" ")));
    script.push_str(&format!("printf '\\n%s %d\\n' {end} \"$?\""));
    Ok(script)
}

/// One word, so that a POSIX shell takes it as it is.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:@%+,-".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks() -> Marks {
        Marks { begin: "B".to_owned(), end: "E".to_owned() }
    }

    fn read(bytes: &[u8]) -> Between {
        marks().read((bytes.to_vec(), Vec::new()))
    }

    #[test]
    fn words_reach_a_real_shell_as_they_are() {
        let words = [
            "",
            " ",
            "it's",
            "a\nb",
            "$HOME",
            "`id`",
            "\\",
            "*",
            "~",
            "!",
            "\"",
            "a;b",
            "-n",
            "\u{1f512}",
            "''",
            "=x",
            "#",
        ];
        let line = words.iter().map(|w| quote(w)).collect::<Vec<_>>().join(" ");
        let script = format!("printf '%s\\0' {line}");
        let out = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
        let expected: String = words.iter().map(|w| format!("{w}\0")).collect();
        assert_eq!(String::from_utf8(out.stdout).unwrap(), expected);
    }

    #[test]
    fn only_both_marks_count() {
        assert_eq!(read(b""), Between::Nothing);
        assert_eq!(read(b"noise of a login\nE 0\n"), Between::Nothing);
        assert_eq!(read(b"\nB\nhello\n"), Between::Begun);
        assert_eq!(read(b"\nB\nhello\n\nE 0"), Between::Begun, "a cut code is no code");
        assert_eq!(read(b"\nB\nhello\n\nE x\n"), Between::Begun);
        assert_eq!(read(b"hi\n\nB\nhello\n\nE 255\n"), Between::Ended { stdout: b"hello\n".to_vec(), code: 255 });
        assert_eq!(read(b"\nB\n\nE 3\n"), Between::Ended { stdout: Vec::new(), code: 3 });
        assert_eq!(read(b"\nB\nx\nE 3\nlater"), Between::Ended { stdout: b"x".to_vec(), code: 3 });
    }

    #[test]
    fn there_is_always_a_deadline() {
        let script = |deadline| script(&["id"], deadline, None, &marks()).unwrap();
        assert!(script(Duration::ZERO).contains("timeout -k 2 1 id"));
        assert!(script(Duration::from_millis(1001)).contains("timeout -k 2 2 id"));
    }
}
