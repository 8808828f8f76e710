//! `busctl --json=short get-property`, as systemd 252 answers for a service.

use serde_json::{Value, json};

use super::command::{Command, Ran};
use super::{Machine, Unit};

/// Runs `busctl --json=short get-property org.freedesktop.systemd1 OBJECT INTERFACE PROPERTY...`.
pub(super) fn run(machine: &Machine, command: Command<'_>) -> Ran {
    let words: Vec<&str> = command.args.iter().copied().filter(|arg| !arg.starts_with('-')).collect();
    let ["get-property", "org.freedesktop.systemd1", object, interface, properties @ ..] = words.as_slice() else {
        return Ran::new(1, "", "Unknown command verb.\n");
    };
    let Some(name) = object.strip_prefix("/org/freedesktop/systemd1/unit/").map(unescaped) else {
        return Ran::new(1, "", "Unknown object\n");
    };
    let mut lines = String::new();
    for property in properties {
        match value(machine, &name, interface, property) {
            Some((signature, data)) => lines.push_str(&format!("{}\n", json!({ "type": signature, "data": data }))),
            None => return Ran::new(1, lines, format!("Failed to get property {property}: Unknown property\n")),
        }
    }
    Ran::ok(lines)
}

fn value(machine: &Machine, name: &str, interface: &str, property: &str) -> Option<(&'static str, Value)> {
    let unit = machine.unit(name);
    let conf = unit.map(|unit| unit.conf.clone()).unwrap_or_default();
    let shown = |property: &str| unit.and_then(|unit| unit.property(property));
    Some(match (interface.rsplit('.').next()?, property) {
        ("Unit", "Id") => ("s", json!(name)),
        ("Unit", "LoadState") => ("s", json!(shown("LoadState").unwrap_or_else(|| "not-found".to_owned()))),
        ("Unit", "NeedDaemonReload") => ("b", json!(unit.is_some_and(|unit| unit.need_reload))),
        ("Unit", "DropInPaths") => ("as", json!(conf.files)),
        ("Unit", "RequiresMountsFor") => ("as", json!(conf.mounts)),
        ("Unit", "Asserts") => {
            let asserted = i32::from(unit.is_none_or(Unit::was_asserted));
            let one = |(not, path): &(bool, String)| json!(["AssertPathExists", false, not, path, asserted]);
            ("a(sbbsi)", conf.asserts.iter().map(one).collect())
        }
        ("Service", "ExecConditionEx") => {
            let one = |(before, words): &(String, Vec<String>)| {
                let flags: Vec<&str> = [('-', "ignore-failure"), ('+', "privileged"), ('!', "no-setuid")]
                    .into_iter()
                    .filter_map(|(mark, flag)| before.contains(mark).then_some(flag))
                    .collect();
                json!([words.first(), words, flags, 0, 0, 0, 0, 0, 0, 0])
            };
            ("a(sasasttttuii)", conf.conditions.iter().map(one).collect())
        }
        ("Service", "SuccessExitStatus") => ("(aiai)", json!([conf.success, []])),
        _ => return None,
    })
}

/// A label of sd-bus: `_2e` is a full stop.
fn unescaped(label: &str) -> String {
    let mut parts = label.split('_');
    let mut name = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (code, rest) = part.split_at_checked(2).unwrap_or(("", part));
        name.push(u8::from_str_radix(code, 16).map_or('?', char::from));
        name.push_str(rest);
    }
    name
}
