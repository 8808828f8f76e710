//! `systemctl`, as systemd 252 answers.

use super::command::{Command, Ran};
use super::unit::PROPERTIES;
use super::{Machine, Running};
use failover_core::clock::Timestamp;

/// Runs `systemctl ARGS`.
pub(crate) fn run(machine: &mut Machine, now: Timestamp, command: Command<'_>) -> Ran {
    let mut words = Vec::new();
    let mut properties: Vec<&str> = Vec::new();
    let mut value_only = false;
    let mut signal = "SIGTERM";
    let mut args = command.args.iter();
    while let Some(arg) = args.next() {
        match *arg {
            "-p" | "--property" => properties.extend(args.next().copied().unwrap_or_default().split(',')),
            "-s" | "--signal" => signal = args.next().copied().unwrap_or_default(),
            "--value" => value_only = true,
            "--version" => {
                let version = machine.etc.systemd.as_deref().unwrap_or("systemd 252 (252.39-1~deb12u1)");
                return Ran::ok(format!("{version}\n+PAM +AUDIT\n"));
            }
            arg => match (arg.strip_prefix("--property="), arg.strip_prefix("--signal=")) {
                (Some(names), _) => properties.extend(names.split(',')),
                (_, Some(name)) => signal = name,
                _ if arg.starts_with('-') => {}
                _ => words.push(arg),
            },
        }
    }
    let Some((verb, patterns)) = words.split_first() else { return Ran::new(1, "", "no verb\n") };
    match *verb {
        "show" => return show(machine, patterns, &properties, value_only),
        "list-unit-files" => return list(machine, patterns, true),
        "list-units" => return list(machine, patterns, false),
        "is-active" => return is_active(machine, patterns),
        _ => {}
    }
    if !command.root {
        return Ran::new(4, "", format!("Failed to {verb} unit: Access denied\n"));
    }
    if *verb == "daemon-reload" {
        machine.reload();
        return Ran::ok("");
    }
    let (mut code, mut stderr) = (0, String::new());
    for name in patterns.iter().map(|name| name.strip_suffix(".service").unwrap_or(name)) {
        if machine.unit(name).is_none() {
            (code, stderr) = (5, format!("{stderr}Failed to {verb} {name}.service: Unit {name}.service not loaded.\n"));
            continue;
        }
        match *verb {
            "start" | "restart" => {
                if *verb == "restart" {
                    machine.stop(name);
                }
                if !machine.start(name, now) {
                    code = 1;
                    stderr.push_str(&format!("Assertion failed on job for {name}.service.\n"));
                }
            }
            "stop" => machine.stop(name),
            "kill" if machine.unit(name).is_some_and(super::Unit::is_running) => {
                machine.ended(name, if signal.ends_with("KILL") { "signal" } else { "success" }, now);
            }
            "enable" | "disable" => {
                if let Some(unit) = machine.unit_mut(name) {
                    unit.enabled = *verb == "enable";
                }
            }
            "reset-failed" => {
                if let Some(unit) = machine.unit_mut(name).filter(|unit| unit.running == Running::Failed) {
                    unit.running = Running::No;
                }
            }
            _ => {}
        }
    }
    Ran::new(code, "", stderr)
}

fn show(machine: &Machine, patterns: &[&str], properties: &[&str], value_only: bool) -> Ran {
    let wanted = |name: &&str| properties.is_empty() || properties.contains(name);
    let mut blocks = Vec::new();
    for pattern in patterns {
        let name = pattern.strip_suffix(".service").unwrap_or(pattern);
        let found: Vec<_> = machine.units.iter().filter(|unit| matches(name, &unit.name)).collect();
        let missing = found.is_empty() && !name.contains('*');
        let read = found.into_iter().map(|unit| {
            PROPERTIES.into_iter().filter(wanted).filter_map(|p| Some((p, unit.property(p)?))).collect::<Vec<_>>()
        });
        blocks.extend(read);
        if missing {
            // What systemd says of a unit that does not exist looks much like a stopped one.
            let unknown = |p: &str| match p {
                "Id" | "Names" => format!("{name}.service"),
                "LoadState" => "not-found".to_owned(),
                "ActiveState" => "inactive".to_owned(),
                "SubState" => "dead".to_owned(),
                "MainPID" => "0".to_owned(),
                "Result" => "success".to_owned(),
                "RestartUSec" => "100ms".to_owned(),
                "Restart" | "NeedDaemonReload" | "AssertResult" => "no".to_owned(),
                _ => String::new(),
            };
            blocks.push(PROPERTIES.into_iter().filter(wanted).map(|p| (p, unknown(p))).collect());
        }
    }
    let text: Vec<String> = blocks
        .into_iter()
        .map(|block| {
            block
                .into_iter()
                .map(|(key, value)| if value_only { format!("{value}\n") } else { format!("{key}={value}\n") })
                .collect()
        })
        .collect();
    Ran::ok(text.join("\n"))
}

fn list(machine: &Machine, patterns: &[&str], files: bool) -> Ran {
    let lines: String = machine
        .units
        .iter()
        .filter(|unit| {
            patterns.is_empty() || patterns.iter().any(|p| matches(p.strip_suffix(".service").unwrap_or(p), &unit.name))
        })
        .map(|unit| {
            let (active, sub) = unit.states();
            if files {
                let state = if unit.enabled { "enabled" } else { "disabled" };
                format!("{}.service {state} enabled\n", unit.name)
            } else {
                format!("{}.service loaded {active} {sub} {}\n", unit.name, unit.job.program())
            }
        })
        .collect();
    Ran::new(i32::from(files && lines.is_empty()), lines, "")
}

fn is_active(machine: &Machine, names: &[&str]) -> Ran {
    let states: Vec<&str> =
        names.iter().map(|name| machine.unit(name).map_or("inactive", |unit| unit.states().0)).collect();
    let code = if states.contains(&"active") { 0 } else { 3 };
    Ran::new(code, states.iter().map(|state| format!("{state}\n")).collect::<String>(), "")
}

/// Does a name fit a pattern with `*`?
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((before, after)) => name
            .strip_prefix(before)
            .is_some_and(|rest| (0..=rest.len()).any(|n| rest.get(n..).is_some_and(|tail| matches(after, tail)))),
    }
}
