//! What a shell is told to do, and the marks that show how far it came.

use std::path::Path;
use std::time::Duration;

use crate::host::capture::Capture;
use crate::host::child::PLAIN;

/// What a command that came too late ends with: no exit code of a process.
pub(super) const TOO_LATE: i32 = 1000;

/// How many seconds after the remote deadline's SIGTERM its SIGKILL follows.
const KILL_AFTER: u64 = 2;

/// The lines that are printed around a command's output, on both streams. Random, so that no output can hold them by chance.
#[derive(Debug)]
pub(super) struct Marks {
    token: String,
}

impl Marks {
    pub(super) fn random() -> Result<Self, getrandom::Error> {
        let mut token = [0_u8; 16];
        getrandom::fill(&mut token)?;
        Ok(Self { token: hex::encode(token) })
    }

    /// The marks of one of several commands.
    pub(super) fn of(&self, n: usize) -> Self {
        Self { token: format!("{}-{n}", self.token) }
    }

    /// What a shell is to run so that a session is heard to begin, and for how many seconds that machine runs; it fits into
    /// single quotes.
    pub(super) fn hello(&self) -> String {
        format!("u=0; read -r u r 2>/dev/null </proc/uptime; u=${{u%.*}}; echo hello-{} ${{u:-0}}", self.token)
    }

    /// A stream on which the session's begin is listened for; what stands for the exit code is those seconds.
    pub(super) fn hearing(&self) -> Capture {
        Capture::between("hello", Some(&format!("-{} ", self.token)))
    }

    /// A stream on which a command is listened for.
    pub(super) fn listening(&self) -> Capture {
        Capture::between(&format!("\nbegin-{}\n", self.token), Some(&format!("\nend-{} ", self.token)))
    }

    /// What stands in a command's line for the second of that machine after which it is not run; see [`Marks::command`].
    pub(super) fn until(&self) -> String {
        format!("until-{}", self.token)
    }

    /// A command's line for a POSIX shell that reads its lines from its input.
    ///
    /// It is one compound command, so that a line that was cut off runs nothing. Each stream ends with its mark: a
    /// service that the command leaves behind holds a pipe that nobody reads any more, and is not heard in a later
    /// command. Where that machine has run for more seconds by then than stand for [`Marks::until`] it is not run: a
    /// connection recovers, and a command arrives when nobody waits for it any more (H40).
    pub(super) fn command(&self, argv: &[&str], deadline: Duration) -> String {
        let (token, until, limited) = (&self.token, self.until(), limited(argv, deadline));
        let body = self.between(&format!(
            "u=0; read -r u r 2>/dev/null </proc/uptime; u=${{u%.*}}; \
             if [ \"${{u:-0}}\" -le {until} ]; then {limited} 3>&-; c=$?; else c={TOO_LATE}; fi"
        ));
        format!(
            "{{ {{ {{ {body} }} 2>&1 >&3 3>&- | sed '/^end-{token} /q' >&2 3>&-; }} 3>&1 | sed '/^end-{token} /q'; }}\n"
        )
    }

    /// The line of a question, which changes nothing and leaves nothing behind. It has no deadline there: the side that
    /// listens has one.
    pub(super) fn question(&self, argv: &[&str], deadline: Option<Duration>) -> String {
        let asked = match deadline {
            Some(deadline) => limited(argv, deadline),
            // A shell's own `test` or `kill` is not the machine's.
            None => format!("(exec {} </dev/null)", words(argv)),
        };
        format!("{{ {} }}\n", self.between(&format!("{asked}; c=$?")))
    }

    /// Marks around what sets `c` to its exit code.
    fn between(&self, command: &str) -> String {
        let token = &self.token;
        format!(
            "printf '\\nbegin-{token}\\n'; printf '\\nbegin-{token}\\n' >&2; {command}; \
             printf '\\nend-{token} %d\\n' $c; printf '\\nend-{token} %d\\n' $c >&2;"
        )
    }
}

/// A command with a deadline of its own, and no input.
fn limited(argv: &[&str], deadline: Duration) -> String {
    // `timeout 0` would mean no deadline at all.
    let seconds = deadline.as_secs().saturating_add(u64::from(deadline.subsec_nanos() > 0)).max(1);
    format!("timeout -k {KILL_AFTER} {seconds} {} </dev/null", words(argv))
}

fn words(argv: &[&str]) -> String {
    argv.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ")
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

    /// A second that no machine reaches.
    const FAR: &str = "2147483647";

    fn marks() -> Marks {
        Marks { token: "T".to_owned() }
    }

    /// Text and exit code.
    fn read(bytes: &[u8]) -> (String, Option<i32>) {
        let mut stream = marks().listening();
        stream.keep(bytes);
        let code = stream.code();
        (String::from_utf8(stream.take()).unwrap(), code)
    }

    /// What a real shell prints that is fed this text.
    fn fed(shell: &str, text: &str) -> std::process::Output {
        let piped = std::process::Stdio::piped;
        let mut child =
            std::process::Command::new(shell).stdin(piped()).stdout(piped()).stderr(piped()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), text.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    /// Both streams of a line in a real shell.
    fn run(shell: &str, line: &str) -> [(String, Option<i32>); 2] {
        let out = fed(shell, line);
        [read(&out.stdout), read(&out.stderr)]
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
    fn both_streams_are_marked_by_a_real_shell() {
        const LONG: Duration = Duration::from_secs(20);
        let ended = |out: &str, err: &str, code| [(out.to_owned(), Some(code)), (err.to_owned(), Some(code))];
        for shell in ["sh", "bash"] {
            let argv = ["sh", "-c", "echo out; echo err >&2; exit 7"];
            for line in [
                marks().command(&argv, LONG).replace(&marks().until(), FAR),
                marks().question(&argv, Some(LONG)),
                marks().question(&argv, None),
            ] {
                assert_eq!(run(shell, &line), ended("out\n", "err\n", 7), "{line}");
            }
            // No newline at the end, no standard input, and nothing of what is left behind.
            let line =
                marks().command(&["sh", "-c", "printf x; cat; sleep 3 & exit 0"], LONG).replace(&marks().until(), FAR);
            assert_eq!(run(shell, &line), ended("x", "", 0));
        }
        // A program of the machine and not one of the shell's own.
        let [(_, code), (said, _)] = run("sh", &marks().question(&["cd", "/"], None));
        assert_eq!(code, Some(127), "{said}");
    }

    /// A line that comes when nobody waits for it any more.
    #[test]
    fn h40_a_command_that_comes_too_late_is_not_run() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("there");
        let line = marks().command(&["touch", file.to_str().unwrap()], Duration::from_secs(20));
        for shell in ["sh", "bash"] {
            let [(_, code), _] = run(shell, &line.replace(&marks().until(), "0"));
            assert_eq!((code, file.exists()), (Some(TOO_LATE), false), "{shell}");
            let [(_, code), _] = run(shell, &line.replace(&marks().until(), FAR));
            assert_eq!((code, file.exists()), (Some(0), true), "{shell}");
            std::fs::remove_file(&file).unwrap();
        }
    }

    /// Whatever is cut off a line, no shell does any of it.
    #[test]
    fn a_line_that_was_cut_does_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("there");
        let line =
            marks().command(&["touch", file.to_str().unwrap()], Duration::from_secs(20)).replace(&marks().until(), FAR);
        for cut in (0..line.len() - 1).step_by(3).chain([line.len() - 2]) {
            let _out = fed("sh", line.get(..cut).unwrap());
            assert!(!file.exists(), "{cut}: {:?}", line.get(..cut));
        }
    }

    #[test]
    fn there_is_always_a_deadline() {
        let line = |deadline| marks().command(&["id"], deadline);
        assert!(line(Duration::ZERO).contains("timeout -k 2 1 id "));
        assert!(line(Duration::from_millis(1001)).contains("timeout -k 2 2 id "));
    }
}
