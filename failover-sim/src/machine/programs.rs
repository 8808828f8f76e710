//! The programs of a machine: which one a command line asks for.

use super::command::{Command, Ran};
use super::{Machine, busctl, etc, files, process, secret, signer, systemctl, tezbake};
use failover_core::clock::Timestamp;

/// Runs a command; `None` where there is no such program.
pub(crate) fn run(machine: &mut Machine, now: Timestamp, argv: &[&str], input: &str) -> Option<Ran> {
    if machine.etc.no_sudo && argv.first() == Some(&"sudo") {
        return Some(Ran::new(1, "", "sudo: a password is required\n"));
    }
    let command = Command { input, ..peel(argv, machine.uid == 0)? };
    if command.changes() {
        machine.changes.push(argv.iter().take(5).copied().collect::<Vec<_>>().join(" "));
    }
    Some(match command.name {
        "systemctl" | "busctl" if machine.etc.no_systemd => return None,
        "systemctl" => systemctl::run(machine, now, command),
        "tezbake" => tezbake::run(machine, now, command),
        "ps" => process::run(machine, command),
        "journalctl" => process::journal(machine),
        "cat" => cat(machine, command),
        "find" if command.args.contains(&"0") => secret::find(machine, command),
        "find" => files::find(machine, command),
        "mv" => secret::rename(machine, command),
        "failover" => signer::failover(machine, command)?,
        "tezsign" => signer::tezsign(machine, command)?,
        "test" | "rm" | "touch" => etc::file(machine, command)?,
        "sh" => etc::script(machine, now, command, run),
        "busctl" => busctl::run(machine, command),
        "id" => Ran::ok(format!("{}\n", if command.root { 0 } else { machine.uid })),
        "true" => Ran::ok(""),
        "echo" => Ran::ok(format!("{}\n", command.args.join(" "))),
        // `sudo -n -l COMMAND` prints what may be run.
        "-l" => Ran::ok(format!("{}\n", command.args.join(" "))),
        _ => return None,
    })
}

/// Takes `sudo -n`, `timeout`, `env` and a folder away from the front. Every user here has a NOPASSWD rule.
fn peel<'a>(argv: &'a [&'a str], root: bool) -> Option<Command<'a>> {
    let (first, mut rest) = argv.split_first()?;
    let name = first.rsplit('/').next().unwrap_or(first);
    match name {
        "sudo" => {
            let mut list = false;
            while let Some((flag, more)) = rest.split_first()
                && flag.starts_with('-')
            {
                list |= *flag == "-l";
                rest = more;
            }
            if list {
                return Some(Command { name: "-l", args: rest, root: true, input: "" });
            }
            peel(rest, true)
        }
        "timeout" => {
            while let Some((flag, more)) = rest.split_first()
                && flag.starts_with('-')
            {
                let valued = matches!(*flag, "-k" | "-s" | "--kill-after" | "--signal");
                rest = if valued { more.get(1..)? } else { more };
            }
            peel(rest.get(1..)?, root)
        }
        "env" => {
            while let Some((setting, more)) = rest.split_first()
                && setting.contains('=')
            {
                rest = more;
            }
            peel(rest, root)
        }
        _ => Some(Command { name, args: rest, root, input: "" }),
    }
}

/// Files: the machine's id, the baker's marks, drop-ins.
fn cat(machine: &Machine, command: Command<'_>) -> Ran {
    let mut stdout = String::new();
    for path in command.args.iter().filter(|arg| **arg != "--") {
        match *path {
            "/etc/machine-id" => {
                stdout.push_str(&machine.machine_id);
                stdout.push('\n');
            }
            path if machine.etc.bad_disk && path.starts_with(super::files::FOLDER) => {
                return Ran::new(1, stdout, format!("cat: {path}: Input/output error\n"));
            }
            path => match machine
                .mark_file
                .at(path)
                .or_else(|| files::wallet(machine, path))
                .or_else(|| machine.etc.files.get(path).cloned())
            {
                Some(text) => stdout.push_str(&text),
                None => return Ran::new(1, stdout, format!("cat: {path}: No such file or directory\n")),
            },
        }
    }
    Ran::ok(stdout)
}
