//! A unit as systemd has loaded it, over D-Bus: what keeps it from starting.
//!
//! `systemctl show` joins words by blanks and prints no asserts; D-Bus has every value as it is. The shapes are those of
//! systemd's `org.freedesktop.systemd1(5)`, the same in 247, 252 and 257; `busctl --json=short` wraps each value as
//! `{"type":SIGNATURE,"data":VALUE}`.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::UnitName;
use crate::guard::{DropIn, drop_in};

/// The object's properties on the interface `org.freedesktop.systemd1.Unit`, in the order of [`Loaded::parse`].
pub(super) const UNIT: [&str; 6] =
    ["Id", "LoadState", "NeedDaemonReload", "DropInPaths", "RequiresMountsFor", "Asserts"];
/// Those on `org.freedesktop.systemd1.Service`.
pub(super) const SERVICE: [&str; 2] = ["ExecConditionEx", "SuccessExitStatus"];

/// What `test -e` exits with where there is nothing.
const ABSENT: i64 = 1;

/// One assert: `a(sbbsi)`.
#[derive(Debug, Deserialize)]
struct Assert(String, bool, bool, String, #[expect(dead_code, reason = "the last result proves nothing")] i64);

/// One unit's properties.
#[derive(Debug)]
pub(super) struct Loaded {
    id: String,
    load_state: String,
    need_reload: bool,
    drop_ins: Vec<String>,
    mounts: Vec<String>,
    asserts: Vec<Assert>,
    conditions: Vec<Command>,
    /// Exit codes that count as success, whatever command ends with them.
    success: Vec<i64>,
}

/// A command: path, words, flags. The numbers after them are when it last ran (`a(sasasttttuii)`).
#[derive(Debug, PartialEq, Eq)]
struct Command {
    path: String,
    words: Vec<String>,
    flags: Vec<String>,
}

impl Loaded {
    /// Takes the two answers apart: the values of [`UNIT`], then those of [`SERVICE`].
    ///
    /// # Errors
    /// What is missing or odd.
    pub(super) fn parse(unit: &str, service: &str) -> Result<Self, String> {
        let mut unit = Answers::new(unit, &UNIT)?;
        let mut service = Answers::new(service, &SERVICE)?;
        let (success, _signals): (Vec<i64>, Vec<i64>) = service.take("SuccessExitStatus", "(aiai)")?;
        let commands: Vec<Vec<Value>> = service.take("ExecConditionEx", "a(sasasttttuii)")?;
        Ok(Self {
            id: unit.take("Id", "s")?,
            load_state: unit.take("LoadState", "s")?,
            need_reload: unit.take("NeedDaemonReload", "b")?,
            drop_ins: unit.take("DropInPaths", "as")?,
            mounts: unit.take("RequiresMountsFor", "as")?,
            asserts: unit.take("Asserts", "a(sbbsi)")?,
            conditions: commands.into_iter().map(Command::parse).collect::<Result<_, _>>()?,
            success,
        })
    }

    /// Why this unit cannot be guarded. `None`: it can.
    pub(super) fn no_unit(&self, unit: &UnitName) -> Option<String> {
        if self.id != unit.as_str() {
            return Some(format!("it is another unit's name: {}", self.id));
        }
        (self.load_state != "loaded" && !self.is_masked()).then(|| format!("it is not loaded but {}", self.load_state))
    }

    /// Masked by a person: nothing starts it before it is unmasked, and its drop-ins are not loaded until then.
    fn is_masked(&self) -> bool {
        self.load_state == "masked"
    }

    /// What is missing that would keep this unit from starting while the token is not there. Nothing: it is guarded.
    pub(super) fn missing(&self, drop_in: &DropIn, file: &str) -> Vec<String> {
        let mut why = Vec::new();
        if self.is_masked() {
            return why;
        }
        let mut want = |holds: bool, text: String| {
            if !holds {
                why.push(text);
            }
        };
        let token = drop_in.token();
        want(!self.need_reload, "systemd has not read its files again (NeedDaemonReload=yes)".to_owned());
        want(self.drop_ins.iter().any(|path| path == file), format!("{file} is not loaded"));
        want(
            self.asserts.iter().any(|assert| assert.is_for(token)),
            format!("no AssertPathExists={token} is in force"),
        );
        want(
            self.conditions.iter().any(|command| command.looks_for(token)),
            format!("no ExecCondition=+{} -e {token} is in force", drop_in::TEST),
        );
        // systemd takes such an exit of ExecCondition= for a success, too.
        want(!self.success.contains(&ABSENT), format!("SuccessExitStatus= has {ABSENT}, which undoes ExecCondition="));
        let folder = drop_in.folder();
        want(self.mounts.iter().any(|path| path == folder), format!("no RequiresMountsFor={folder} is in force"));
        why
    }
}

impl Assert {
    /// Neither one of several (`|`) nor its contrary (`!`).
    fn is_for(&self, token: &str) -> bool {
        self.0 == "AssertPathExists" && !self.1 && !self.2 && self.3 == token
    }
}

impl Command {
    fn parse(fields: Vec<Value>) -> Result<Self, String> {
        let odd = |e: serde_json::Error| format!("ExecConditionEx has another shape than expected: {e}");
        let mut fields = fields.into_iter();
        let mut next = || fields.next().unwrap_or(Value::Null);
        Ok(Self {
            path: serde_json::from_value(next()).map_err(odd)?,
            words: serde_json::from_value(next()).map_err(odd)?,
            flags: serde_json::from_value(next()).map_err(odd)?,
        })
    }

    /// As root, and not one whose failure is ignored.
    fn looks_for(&self, token: &str) -> bool {
        self.path == drop_in::TEST
            && matches!(self.words.as_slice(), [program, flag, path] if program == drop_in::TEST && flag == "-e" && path == token)
            && self.flags.iter().any(|flag| flag == "privileged")
            && !self.flags.iter().any(|flag| flag == "ignore-failure")
    }
}

/// One of the values that busctl prints.
#[derive(Debug, Deserialize)]
struct Answer {
    r#type: String,
    data: Value,
}

/// All values of one call.
#[derive(Debug)]
struct Answers(Vec<(&'static str, Answer)>);

impl Answers {
    fn new(text: &str, names: &[&'static str]) -> Result<Self, String> {
        let values: Result<Vec<Answer>, _> = serde_json::Deserializer::from_str(text).into_iter().collect();
        let values = values.map_err(|e| format!("busctl printed something that is not JSON: {e}"))?;
        if values.len() != names.len() {
            return Err(format!("busctl printed {} values where {} were asked for", values.len(), names.len()));
        }
        Ok(Self(names.iter().copied().zip(values).collect()))
    }

    fn take<T: DeserializeOwned>(&mut self, name: &str, signature: &str) -> Result<T, String> {
        let Some(at) = self.0.iter().position(|(known, _)| *known == name) else {
            return Err(format!("busctl printed no {name}"));
        };
        let (_, answer) = self.0.swap_remove(at);
        if answer.r#type != signature {
            return Err(format!("{name} has the type {:?}, not {signature:?}", answer.r#type));
        }
        serde_json::from_value(answer.data).map_err(|e| format!("{name} has another shape than expected: {e}"))
    }
}

/// The path of a unit's object: every byte of the name but letters and digits as `_` and two digits (sd-bus's label
/// escaping; a digit at the beginning too).
pub(super) fn object(unit: &UnitName) -> String {
    let mut path = "/org/freedesktop/systemd1/unit/".to_owned();
    for (at, byte) in unit.as_str().bytes().enumerate() {
        if byte.is_ascii_alphabetic() || at > 0 && byte.is_ascii_digit() {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("_{byte:02x}"));
        }
    }
    path
}

#[cfg(test)]
mod tests;
