//! What the remote shell is told to do, and the marks that show how far it came.

use std::path::Path;
use std::time::Duration;

use crate::host::capture::Capture;
use crate::host::child::PLAIN;

/// How many seconds after the remote deadline's SIGTERM its SIGKILL follows.
const KILL_AFTER: u64 = 2;

/// The lines that the remote side prints around a command's output, on both streams. Random, so that no output can hold
/// them by chance.
#[derive(Debug)]
pub(super) struct Marks {
    token: String,
}

/// What a stream showed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Between {
    /// Not even the first mark: the command was not seen to begin.
    Nothing,
    /// It began and said this, and its end was not seen.
    Begun(Vec<u8>),
    /// It ended with this code, having printed this.
    Ended { text: Vec<u8>, code: i32 },
}

impl Marks {
    pub(super) fn random() -> Result<Self, getrandom::Error> {
        let mut token = [0_u8; 16];
        getrandom::fill(&mut token)?;
        Ok(Self { token: hex::encode(token) })
    }

    /// The login shell's line: a word, and one in single quotes, which bash, dash, zsh, fish and tcsh take alike.
    pub(super) fn hello(&self) -> String {
        format!("sh -c 'echo hello-{}; exec sh'", self.token)
    }

    /// A stream on which the session's begin is listened for.
    pub(super) fn hearing(&self) -> Capture {
        Capture::after(&format!("hello-{}\n", self.token))
    }

    /// A stream on which a command's begin is listened for.
    pub(super) fn beginning(&self) -> Capture {
        Capture::after(&format!("\nbegin-{}\n", self.token))
    }

    /// The last complete end mark in these bytes: where it begins, and the exit code in it.
    pub(super) fn end(&self, bytes: &[u8]) -> Option<(usize, i32)> {
        let mark = format!("\nend-{} ", self.token);
        let at = bytes.windows(mark.len()).rposition(|window| window == mark.as_bytes())?;
        let rest = bytes.get(at.checked_add(mark.len())?..)?;
        let line = rest.get(..rest.iter().position(|&byte| byte == b'\n')?)?;
        let code = std::str::from_utf8(line).ok()?.parse().ok()?;
        Some((at, code))
    }

    /// Takes what came after the begin mark, its beginning and its end, apart at the end mark.
    pub(super) fn read(&self, stream: &mut Capture) -> Between {
        if !stream.has_begun() {
            return Between::Nothing;
        }
        let (mut text, tail) = stream.take();
        text.extend_from_slice(&tail);
        match self.end(&text) {
            Some((at, code)) => {
                text.truncate(at);
                Between::Ended { text, code }
            }
            None => Between::Begun(text),
        }
    }

    /// A command's line for a POSIX shell that reads its lines from its input.
    ///
    /// It is one compound command, so that a line that was cut is none. Each stream ends with its mark: a service that the
    /// command leaves behind holds a pipe that nobody reads any more, and is not heard in a later command.
    pub(super) fn line(&self, argv: &[&str], deadline: Duration) -> String {
        // `timeout 0` would mean no deadline at all.
        let seconds = deadline.as_secs().saturating_add(u64::from(deadline.subsec_nanos() > 0)).max(1);
        let words: Vec<String> = argv.iter().map(|word| quote(word)).collect();
        let (token, words) = (&self.token, words.join(" "));
        format!(
            "{{ {{ printf '\\nbegin-{token}\\n'; printf '\\nbegin-{token}\\n' >&2; \
             timeout -k {KILL_AFTER} {seconds} {words} </dev/null; c=$?; \
             printf '\\nend-{token} %d\\n' $c; printf '\\nend-{token} %d\\n' $c >&2; \
             }} 2>&1 >&3 3>&- | sed '/^end-{token} /q' >&2 3>&-; }} 3>&1 | sed '/^end-{token} /q'\n"
        )
    }
}

/// What every command of a session finds: a plain language, and a folder in front of `PATH`. The error is a sentence's end
/// for a person.
pub(super) fn set_up(path: Option<&Path>) -> Result<String, String> {
    let mut line = String::new();
    for (name, value) in PLAIN {
        line.push_str(&format!("{name}={value}; export {name}; "));
    }
    if let Some(path) = path {
        let path = path.to_str().ok_or_else(|| format!("{} is not text", path.display()))?;
        line.push_str(&format!("PATH={}:$PATH; export PATH; ", quote(path)));
    }
    line.push_str(":\n");
    Ok(line)
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
        Marks { token: "T".to_owned() }
    }

    fn read(bytes: &[u8]) -> Between {
        let mut stream = marks().beginning();
        stream.keep(bytes);
        marks().read(&mut stream)
    }

    /// What a real shell prints that is fed this text.
    fn fed(shell: &str, text: &str) -> std::process::Output {
        let piped = std::process::Stdio::piped;
        let mut child =
            std::process::Command::new(shell).stdin(piped()).stdout(piped()).stderr(piped()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), text.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    /// Both streams of a command in a real shell.
    fn run(shell: &str, argv: &[&str]) -> (Between, Between) {
        let out = fed(shell, &marks().line(argv, Duration::from_secs(20)));
        (read(&out.stdout), read(&out.stderr))
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
        let begun = |text: &[u8]| Between::Begun(text.to_vec());
        let ended = |text: &[u8], code| Between::Ended { text: text.to_vec(), code };
        assert_eq!(read(b""), Between::Nothing);
        assert_eq!(read(b"noise of a login\nend-T 0\n"), Between::Nothing);
        assert_eq!(read(b"\nbegin-T\nhello\n"), begun(b"hello\n"));
        assert_eq!(read(b"\nbegin-T\nhello\n\nend-T 0"), begun(b"hello\n\nend-T 0"), "a cut code is no code");
        assert_eq!(read(b"\nbegin-T\nhello\n\nend-T x\n"), begun(b"hello\n\nend-T x\n"));
        assert_eq!(read(b"hi\n\nbegin-T\nhello\n\nend-T 255\n"), ended(b"hello\n", 255));
        assert_eq!(read(b"\nbegin-T\n\nend-T 3\n"), ended(b"", 3));
        assert_eq!(read(b"\nbegin-T\nx\nend-T 3\nlater"), ended(b"x", 3));
    }

    #[test]
    fn both_streams_are_marked_by_a_real_shell() {
        for shell in ["sh", "bash"] {
            let ended = |text: &[u8], code| Between::Ended { text: text.to_vec(), code };
            assert_eq!(
                run(shell, &["sh", "-c", "echo out; echo err >&2; exit 7"]),
                (ended(b"out\n", 7), ended(b"err\n", 7))
            );
            // No newline at the end, no standard input, and nothing of what is left behind.
            assert_eq!(run(shell, &["sh", "-c", "printf x; cat; sleep 3 & exit 0"]), (ended(b"x", 0), ended(b"", 0)));
        }
    }

    /// Whatever is cut off a line, no shell does any of it.
    #[test]
    fn a_line_that_was_cut_does_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("there");
        let line = marks().line(&["touch", file.to_str().unwrap()], Duration::from_secs(20));
        for cut in (0..line.len()).step_by(7).chain([line.len() - 2]) {
            let _out = fed("sh", line.get(..cut).unwrap());
            assert!(!file.exists(), "{cut}: {:?}", line.get(..cut));
        }
    }

    #[test]
    fn there_is_always_a_deadline() {
        let line = |deadline| marks().line(&["id"], deadline);
        assert!(line(Duration::ZERO).contains("timeout -k 2 1 id "));
        assert!(line(Duration::from_millis(1001)).contains("timeout -k 2 2 id "));
    }
}
