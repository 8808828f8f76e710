//! What `serde_json` takes, the scanner takes, and every cut of it neither.

use serde::de::IgnoredAny;
use serde_json::Value;

use super::{Body, Broken, ChainError, Fault, Scanner};

/// A body that comes a few bytes at a time.
struct Drops<'a>(&'a [u8], usize);

impl Body for Drops<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, ChainError> {
        let count = self.1.min(self.0.len()).min(into.len());
        let (now, later) = self.0.split_at(count);
        into[..count].copy_from_slice(now);
        self.0 = later;
        Ok(count)
    }
}

fn with<T>(json: &[u8], at_once: usize, read: impl FnOnce(&mut Scanner<'_>) -> Result<T, Fault>) -> Result<T, String> {
    let mut body = Drops(json, at_once);
    read(&mut Scanner::new(&mut body)).map_err(|fault| match *fault {
        Broken::NotJson(why) => why,
        Broken::Source(error) => error.to_string(),
    })
}

fn skipped(json: &[u8], at_once: usize) -> bool {
    let skip = |json: &mut Scanner<'_>| json.begins().and_then(|()| json.skip()).and_then(|()| json.end());
    with(json, at_once, skip).is_ok()
}

fn samples() -> Vec<Vec<u8>> {
    let folder = format!("{}/tests/data/samples", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let found: Vec<_> = files.filter(|f| f.extension().is_some_and(|e| e == "json")).collect();
    assert!(found.len() > 8);
    found.into_iter().map(|file| std::fs::read(file).unwrap()).collect()
}

#[test]
fn every_sample_and_no_cut_of_it() {
    for sample in samples() {
        for at_once in [1, 7, usize::MAX] {
            assert!(skipped(&sample, at_once));
        }
        let whole = sample.trim_ascii_end().len();
        for cut in (0..whole).step_by(7) {
            assert!(!skipped(&sample[..cut], usize::MAX), "{cut}");
        }
        assert!(!skipped(&[&sample[..], b"]"].concat(), usize::MAX), "something after the end");
    }
}

#[test]
fn whatever_serde_takes() {
    // Every byte of a sample in turn becomes each of these: whole JSON is never refused, nor what is none cut short.
    for sample in samples().iter().filter(|sample| sample.len() < 1600) {
        let mut changed = sample.clone();
        for at in 0..sample.len() {
            for byte in *b"\"\\{}[],:0-e n" {
                changed[at] = byte;
                if serde_json::from_slice::<IgnoredAny>(&changed).is_ok() {
                    let here = String::from_utf8_lossy(&changed[at.saturating_sub(20)..]).into_owned();
                    assert!(skipped(&changed, 64), "{here:.60}");
                }
            }
            changed[at] = sample[at];
        }
    }
    for json in [r#"[1,2 , -3.5e+7,true,false,null,{},[],"\"\\\u00e9"]"#, " 0 ", "\"\"", r#"{"a":{"b":[[[]]]}}"#] {
        assert!(skipped(json.as_bytes(), 1) && skipped(json.as_bytes(), 100), "{json}");
    }
    for none in [
        "",
        " ",
        "<html>",
        "{",
        "[1 2]",
        "[1,,2]",
        "[,1]",
        "{\"a\"}",
        "{\"a\":1,}",
        "[}",
        "{]",
        "[1}",
        "{\"a\":1]",
        "tru",
        "\"a",
        "\"\\",
    ] {
        assert!(!skipped(none.as_bytes(), 1) && !skipped(none.as_bytes(), 100), "{none}");
    }
    let deep = |depth: usize| [vec![b'['; depth], vec![b']'; depth]].concat();
    assert!(skipped(&deep(100), 9) && !skipped(&deep(1000), 9) && !skipped(&deep(100_000), usize::MAX));
}

#[test]
fn wanted_members_are_what_serde_reads() {
    for sample in samples() {
        let value: Value = serde_json::from_slice(&sample).unwrap();
        let wanted = ["level", "protocol", "fitness", "level_info", "attestations", "validated", "no such"];
        for at_once in [1, 1000] {
            let only = with(&sample, at_once, |json| json.only(&wanted, 1 << 20)).unwrap();
            let only: Value = serde_json::from_slice(&only).unwrap();
            match &value {
                Value::Object(all) => {
                    let expected: serde_json::Map<_, _> =
                        all.clone().into_iter().filter(|(name, _)| wanted.contains(&name.as_str())).collect();
                    assert_eq!(only, Value::Object(expected));
                }
                other => assert_eq!(only, *other),
            }
        }
    }
    let long = format!("{{\"level\":\"{}\"}}", "x".repeat(1 << 17));
    assert!(with(long.as_bytes(), 1000, |json| json.only(&["level"], 1 << 10)).unwrap_err().contains("1023 bytes"));
}

#[test]
fn texts_and_numbers_whole_or_not() {
    for at_once in [1, 3, 100] {
        let text = |json: &str| with(json.as_bytes(), at_once, |json| json.text(<[u8]>::to_vec)).unwrap();
        assert_eq!(text(r#""tz1" "#), Some(b"tz1".to_vec()));
        assert_eq!(text(r#""a\"b\\" "#), Some(br#"a\"b\\"#.to_vec()), "as it is written");
        assert_eq!(text("[1]"), None);
        let number = |json: &str| with(json.as_bytes(), at_once, |json| json.number()).unwrap();
        assert_eq!(number("18446744073709551615 "), Some(u64::MAX));
        for none in ["18446744073709551616", "-1", "1.5", "1e3", "\"1\"", "null", "{}"] {
            assert_eq!(number(none), None, "{none}");
        }
    }
}

#[test]
fn memory_does_not_grow_with_the_answer() {
    let many = vec![r#"{"kind":"freezer","change":"-256955481"}"#; 100_000].join(",");
    let json = format!(r#"{{"balance_updates":[{many}],"level":5}}"#);
    let mut body = Drops(json.as_bytes(), 10_000);
    let mut scanner = Scanner::new(&mut body);
    let only = scanner.only(&["level"], 100).ok().unwrap();
    assert_eq!(only, br#"{"level":5}"#);
    assert!(scanner.end().is_ok());
    assert!(scanner.window.capacity() < 4 * super::CHUNK, "{}", scanner.window.capacity());
}

#[test]
fn a_value_of_the_longest_and_no_byte_more() {
    let json = br#"[1,"234567",{"a":[]}]"#;
    for at_once in [1, 5, usize::MAX] {
        // Whether a number goes on is seen at the byte after it only.
        for json in [&json[..], b"1234567"] {
            let whole = with(json, at_once, |scanner| scanner.raw(json.len()).map(<[u8]>::to_vec));
            assert_eq!(whole.as_deref(), Ok(json), "{at_once} bytes at once");
        }
    }
    // What comes in small pieces is refused as soon as it is too long.
    let error = with(json, 1, |scanner| scanner.raw(json.len() - 2).map(<[u8]>::to_vec)).unwrap_err();
    assert!(error.contains("more than"), "{error}");
}

#[test]
fn more_is_anything_but_space() {
    for (json, more) in [("", false), (" \n\t", false), (" 1", true), ("]", true)] {
        assert_eq!(with(json.as_bytes(), 1, |json| json.more()), Ok(more), "{json:?}");
    }
}

#[test]
fn a_web_page_and_nothing_at_all_are_named() {
    for (body, why) in
        [("<!DOCTYPE html>", "HTML, not JSON"), ("  <html>", "HTML, not JSON"), (" \n", "an empty answer")]
    {
        assert_eq!(with(body.as_bytes(), 3, |json| json.begins()).unwrap_err(), why);
    }
    assert!(with(b" {", 3, |json| json.begins()).is_ok());
}
