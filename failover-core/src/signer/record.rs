//! A device's state as records, one JSON object a line: what `failover --json hwm show` and `disarm` print, and what is
//! read from them where the device is on another machine.

use serde::{Deserialize, Serialize};

use super::{Arming, DeviceInfo, DeviceState, KeyState};

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "lowercase")]
pub enum DeviceRecord {
    /// The device.
    Device(DeviceInfo),
    /// One key, as its device shows it now.
    Key(KeyRecord),
}

/// A key, and why its marks are not known where they are not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRecord {
    /// The key. `marks` is `null` where they are not known, never zero (S3).
    #[serde(flatten)]
    pub state: KeyState,
    /// Why the marks are not known.
    pub unknown: Option<String>,
}

impl From<&KeyState> for KeyRecord {
    fn from(state: &KeyState) -> Self {
        let why = match state.arming {
            Arming::Disarmed => "locked",
            Arming::Corrupted => "corrupted",
            Arming::Armed => "not shown",
        };
        Self { state: state.clone(), unknown: state.marks.is_none().then(|| why.to_owned()) }
    }
}

/// The lines of a device.
#[must_use]
pub fn records(state: &DeviceState) -> Vec<DeviceRecord> {
    let keys = state.keys.iter().map(|key| DeviceRecord::Key(key.into()));
    std::iter::once(DeviceRecord::Device(state.info.clone())).chain(keys).collect()
}

/// A device from its lines. Records of other kinds are passed over; the last one, `end`, shows that all were read.
///
/// # Errors
/// What is missing or odd, in words: then nothing is known of the device (S3).
pub fn read_records(text: &str) -> Result<DeviceState, String> {
    let (mut info, mut keys, mut ended) = (None, Vec::new(), false);
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let value: serde_json::Value =
            serde_json::from_str(line).map_err(|_| format!("it printed {:?}", shortened(line)))?;
        let kind = value.get("record").and_then(serde_json::Value::as_str).map(str::to_owned);
        match kind.as_deref() {
            Some("device" | "key") => {}
            Some(kind) => {
                ended |= kind == "end";
                continue;
            }
            None => return Err(format!("it printed {:?}", shortened(line))),
        }
        match serde_json::from_value(value).map_err(|error| format!("{error}, in {:?}", shortened(line)))? {
            DeviceRecord::Device(_) if info.is_some() => return Err("it speaks of two devices".to_owned()),
            DeviceRecord::Device(found) => info = Some(found),
            DeviceRecord::Key(key) => keys.push(key.state),
        }
    }
    match (info, ended) {
        (Some(_), true) if keys.is_empty() => Err("it shows no keys".to_owned()),
        (Some(info), true) => Ok(DeviceState { info, keys }),
        (None, true) => Err("it shows no device".to_owned()),
        (_, false) => Err("its answer has no end".to_owned()),
    }
}

fn shortened(line: &str) -> String {
    line.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signer::{KeyName, Mark, Marks, Model};
    use crate::tezos::{Level, Position};

    fn device() -> DeviceState {
        let key = |name: &str, arming, marks| KeyState {
            name: KeyName::new(name),
            key: "tz4NTHPSqmuoo3o8BnQK5Bjhe9GxCUNvNkEh".parse().unwrap(),
            arming,
            marks,
        };
        let mark = Mark::at(Position::start_of(Level::new(15_267_105).unwrap()));
        DeviceState {
            info: DeviceInfo {
                model: Model::TezSign,
                selector: "tezsign:A1".to_owned(),
                serial: Some("A1".to_owned()),
                version: None,
                ledger: None,
            },
            keys: vec![
                key("consensus", Arming::Armed, Some(Marks { block: Mark(None), ..Marks::all(mark) })),
                key("companion", Arming::Disarmed, None),
            ],
        }
    }

    fn printed() -> Vec<String> {
        let lines = records(&device()).into_iter().map(|record| serde_json::to_string(&record).unwrap());
        lines.chain([r#"{"record":"end","outcome":"done","exit":0,"next":"nothing"}"#.to_owned()]).collect()
    }

    #[test]
    fn what_is_printed_is_what_is_read() {
        assert_eq!(read_records(&printed().join("\n")), Ok(device()));
    }

    #[test]
    fn an_answer_that_is_not_whole_is_none() {
        let lines = printed();
        // Any line less: no device, no end; a key less is a device with a key less, which the decision sees.
        for missing in [0, 3] {
            let cut: Vec<&str> = lines.iter().enumerate().filter(|(n, _)| *n != missing).map(|(_, l)| &**l).collect();
            assert!(read_records(&cut.join("\n")).is_err(), "{missing}");
        }
        let twice = format!("{}\n{}", lines[0], lines.join("\n"));
        for text in ["", "failover: not found", "{}", "[]", &lines[0], &twice, &format!("{}\n{}", lines[0], lines[3])] {
            assert!(read_records(text).is_err(), "{text}");
        }
        let odd = lines.join("\n").replace("\"disarmed\"", "\"asleep\"");
        assert!(read_records(&odd).is_err(), "{odd}");
    }

    #[test]
    fn unknown_marks_are_null_and_never_zero() {
        let line = serde_json::to_string(&records(&device())[2]).unwrap();
        assert!(line.contains(r#""marks":null"#) && line.contains(r#""unknown":"locked""#), "{line}");
    }
}
