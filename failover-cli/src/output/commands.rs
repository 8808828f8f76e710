//! The commands that a text names, with the flags of this call: whoever copies one means the same configuration.

use clap::Command;

/// Before a command that stands at the end of a sentence, outside of backticks.
const AT_THE_END: &str = ": failover ";
const QUOTED: &str = "`failover ";
/// What follows a command that is meant for another machine, which has a configuration of its own, and one that somebody gave.
const ELSEWHERE: [&str; 3] = [" on ", " there", ", process "];

/// The global flags that were given, as a shell reads them, each with a blank before it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flags {
    given: String,
    /// The command line, so that a subcommand is known.
    commands: Command,
}

impl Flags {
    /// Flags by their names, each with its value.
    pub(crate) fn new(given: &[(&str, String)], commands: Command) -> Self {
        let flag = |(name, value): &(&str, String)| Some(format!(" {name} {}", shlex::try_quote(value).ok()?));
        Self { given: given.iter().filter_map(flag).collect(), commands }
    }

    /// The text with these flags in every command of this machine that it names.
    pub(crate) fn in_text(&self, text: &str) -> String {
        if self.given.is_empty() {
            return text.to_owned();
        }
        let (mut told, mut rest) = (String::new(), text);
        while let Some((at, quoted)) = next(rest) {
            let (before, command) = rest.split_at(at);
            told.push_str(before);
            let end = if quoted { command.find('`').unwrap_or(command.len()) } else { command.len() };
            let (command, after) = command.split_at(end);
            match self.subcommand(command) {
                Some(words) if !(quoted && elsewhere(after)) => {
                    let (words, arguments) = command.split_at(words);
                    told.extend([words, &self.given, arguments]);
                }
                _ => told.push_str(command),
            }
            rest = after;
        }
        told + rest
    }

    /// How much of a command line is the subcommand and its own subcommand.
    fn subcommand(&self, line: &str) -> Option<usize> {
        let (mut command, mut end) = (&self.commands, 0);
        loop {
            let rest = line.get(end..)?;
            let word = rest.split_whitespace().next().unwrap_or_default();
            let Some(found) = command.find_subcommand(word) else { break };
            end += rest.find(word)? + word.len();
            command = found;
        }
        (end > 0).then_some(end)
    }
}

/// Where the words of the next command begin, after "failover ", and whether it stands between backticks.
fn next(text: &str) -> Option<(usize, bool)> {
    let quoted = text.find(QUOTED).map(|at| (at + QUOTED.len(), true));
    let at_the_end = text.find(AT_THE_END).map(|at| (at + AT_THE_END.len(), false));
    [quoted, at_the_end].into_iter().flatten().min()
}

fn elsewhere(after: &str) -> bool {
    let after = after.trim_start_matches('`');
    ELSEWHERE.iter().any(|place| after.starts_with(place))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(config: &str) -> Flags {
        let plain = ["run", "resume", "check", "stand-down", "standby"].map(Command::new);
        let hwm = Command::new("hwm").subcommand(Command::new("raise"));
        let guard = Command::new("guard").subcommand(Command::new("install"));
        let commands = Command::new("failover").subcommands(plain).subcommands([hwm, guard]);
        Flags::new(&[("--config", config.to_owned())], commands)
    }

    #[test]
    fn every_command_of_this_machine_gets_the_flags_of_this_call() {
        let flags = with("/tmp/my baker.toml");
        for (text, told) in [
            (
                "run `failover resume` to go on, or `failover stand-down`",
                "run `failover resume C` to go on, or `failover stand-down C`",
            ),
            ("now: failover run --confirm-disconnected bob:1F", "now: failover run C --confirm-disconnected bob:1F"),
            ("or `failover hwm raise LEVEL`", "or `failover hwm raise C LEVEL`"),
            ("`failover guard install --stop alpha`", "`failover guard install C --stop alpha`"),
            // What another machine is told, what is no command, and what has its flags already.
            ("run `failover standby` on the primary", "run `failover standby` on the primary"),
            ("then `failover run` there", "then `failover run` there"),
            ("taken away by `failover stand-down`, process 7", "taken away by `failover stand-down`, process 7"),
            ("`failover --help` shows what there is", "`failover --help` shows what there is"),
            ("`failover --config FILE config check`", "`failover --config FILE config check`"),
            ("install failover 0.2.0 on alpha", "install failover 0.2.0 on alpha"),
            ("a `half open", "a `half open"),
        ] {
            assert_eq!(flags.in_text(text), told.replace(" C", " --config '/tmp/my baker.toml'"));
            assert_eq!(Flags::default().in_text(text), text);
        }
    }

    /// What a shell makes of it is what was given.
    #[test]
    fn a_path_is_read_back_by_a_shell_as_it_was() {
        for path in ["it's here/$(x).toml", "a`b.toml", "plain.toml"] {
            let line = with(path).in_text("x: failover check");
            let words = shlex::split(line.strip_prefix("x: ").unwrap()).unwrap();
            assert_eq!(words, ["failover", "check", "--config", path]);
        }
    }
}
