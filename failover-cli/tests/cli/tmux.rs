//! A real terminal: tmux keeps what a program drew, and types for it.

use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// No wait in here is longer; a machine can be very busy.
const PATIENCE: Duration = Duration::from_secs(300);

/// What is said before the exit code.
pub(crate) const CODE: &str = "exit code: ";

/// A terminal in which a shell command runs, and then a shell.
pub(crate) struct Tmux {
    folder: TempDir,
}

impl Tmux {
    /// A terminal of this size. What the command said last is its exit code.
    pub(crate) fn start(columns: u16, rows: u16, environment: &[(&str, &str)], command: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let configuration = folder.path().join("conf");
        std::fs::write(&configuration, "set -g history-limit 5000\nset -g status off\n").unwrap();
        let variables: String = environment.iter().map(|(name, value)| format!("{name}='{value}' ")).collect();
        let script = format!(
            "trap : INT; unset NO_COLOR LC_ALL LC_CTYPE; export LANG=C.UTF-8 PS1='$ ' {variables}\n{command}\necho \"exit code: $?\"\nexec sh -i"
        );
        let tmux = Self { folder };
        let size = [columns.to_string(), rows.to_string()];
        let configuration = configuration.to_str().unwrap();
        tmux.ask(&["-f", configuration, "new-session", "-d", "-x", &size[0], "-y", &size[1], "sh", "-c", &script]);
        tmux
    }

    fn ask(&self, args: &[&str]) -> String {
        let mut command = Command::new("tmux");
        command.args(["-u", "-S"]).arg(self.folder.path().join("socket")).args(args).env_remove("TMUX");
        let output = command.output().expect("tmux is installed by scripts/setup.sh test");
        assert!(output.status.success(), "{args:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// All that the terminal holds, what has scrolled away too, without the blanks at the end of its lines.
    pub(crate) fn text(&self) -> Vec<String> {
        self.captured(&[])
    }

    /// The same with its colours.
    pub(crate) fn coloured(&self) -> Vec<String> {
        self.captured(&["-e"])
    }

    /// The same with the lines whole that the terminal broke.
    pub(crate) fn joined(&self) -> Vec<String> {
        self.captured(&["-J"])
    }

    /// What is on the screen once it has this title, with its colours; a title comes after what was written before it.
    pub(crate) fn titled(&self, title: &str) -> Vec<String> {
        let begun = Instant::now();
        while self.ask(&["display-message", "-p", "#{pane_title}"]).trim() != title {
            assert!(begun.elapsed() < PATIENCE, "{title} was never shown");
            std::thread::sleep(Duration::from_millis(5));
        }
        self.ask(&["capture-pane", "-p", "-e"]).lines().map(|line| line.trim_end().to_owned()).collect()
    }

    fn captured(&self, how: &[&str]) -> Vec<String> {
        let text = self.ask(&[&["capture-pane", "-p", "-S", "-"], how].concat());
        text.trim_end().lines().map(|line| line.trim_end().to_owned()).collect()
    }

    /// Waits until a line of the terminal holds; that line.
    pub(crate) fn until(&self, what: &str, holds: impl Fn(&str) -> bool) -> String {
        let begun = Instant::now();
        loop {
            let text = self.text();
            if let Some(line) = text.iter().rev().find(|line| holds(line)) {
                return line.clone();
            }
            assert!(begun.elapsed() < PATIENCE, "{what} never came:\n{}", text.join("\n"));
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Waits until the command has ended; its exit code.
    pub(crate) fn ended(&self) -> i32 {
        // After a ^C that the terminal shows, it is not the first in its line.
        let line = self.until("the end", |line| line.contains(CODE));
        line.split(CODE).last().unwrap().parse().unwrap()
    }

    /// Types: a text as it is, or a key by its name.
    pub(crate) fn keys(&self, keys: &[&str]) {
        self.ask(&[&["send-keys"], keys].concat());
    }

    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        self.ask(&["resize-window", "-x", &columns.to_string(), "-y", &rows.to_string()]);
    }

    /// Is the cursor shown?
    pub(crate) fn cursor(&self) -> bool {
        self.ask(&["display-message", "-p", "#{cursor_flag}"]).trim() == "1"
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let socket = self.folder.path().join("socket");
        let _gone = Command::new("tmux").arg("-S").arg(socket).arg("kill-server").output();
    }
}
