//! Writes all mutants of some files into them at once, each behind a switch: `crate::mutant(17)` is true in the run that
//! was told to be the seventeenth. So one build serves for all of them, where one build for each takes hours.
//!
//! `mutants LIST ROOT [LEFT-OUT]`: LIST is what `cargo mutants --list --json` says, ROOT the tree whose files are written over,
//! LEFT-OUT the numbers of mutants that do not compile. Prints the numbers that were written, and
//! those that cannot compile. What cannot be written so, as in
//! a constant or in a chain of `let`s, is left to cargo-mutants itself.
//!
//! `mutants --culprits ROOT`: reads what cargo says as JSON, and prints the numbers of the mutants that do not compile.
//! `mutants --programs`: reads the same, and prints the tests that were built.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::Path;

use serde_json::Value;

mod places;
mod text;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [option, root] if option == "--culprits" => return culprits(Path::new(root)),
        [option] if option == "--programs" => return programs(),
        _ => {}
    }
    let [list, root, rest @ ..] = &arguments[..] else { return Err("mutants LIST ROOT [LEFT-OUT]".into()) };
    let left_out: BTreeSet<usize> = match rest {
        [file, ..] => std::fs::read_to_string(file)?.split_whitespace().map(str::parse).collect::<Result<_, _>>()?,
        [] => BTreeSet::new(),
    };
    let list: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(list)?)?;
    let mut files: BTreeMap<String, Vec<Mutant>> = BTreeMap::new();
    for (index, value) in list.iter().enumerate() {
        let number = index + 1;
        if !left_out.contains(&number) {
            let file = value["file"].as_str().ok_or("a mutant without a file")?;
            files
                .entry(file.to_owned())
                .or_default()
                .push(Mutant::read(number, value).ok_or("a mutant of unknown shape")?);
        }
    }
    let library = Path::new(root).join("failover-core/src/lib.rs");
    std::fs::write(&library, std::fs::read_to_string(&library)? + SWITCH)?;
    for (file, mutants) in files {
        let path = Path::new(root).join(&file);
        let text = std::fs::read_to_string(&path)?;
        let (text, written, impossible) = places::rewrite(&text, mutants)?;
        std::fs::write(&path, text)?;
        written.iter().for_each(|number| println!("{number}"));
        impossible.iter().for_each(|number| println!("{number} does not compile"));
    }
    Ok(())
}

/// What every mutant asks.
const SWITCH: &str = r#"
/// Is this the mutant to be?
#[doc(hidden)]
#[must_use]
pub fn mutant(number: u32) -> bool {
    static CHOSEN: std::sync::OnceLock<Option<u32>> = std::sync::OnceLock::new();
    *CHOSEN.get_or_init(|| std::env::var("MUTANT").ok().and_then(|n| n.parse().ok())) == Some(number)
}
"#;

struct Mutant {
    number: usize,
    genre: String,
    replacement: String,
    name: String,
    /// Line, and column from 1.
    start: (usize, usize),
    end: (usize, usize),
}

impl Mutant {
    fn read(number: usize, value: &Value) -> Option<Self> {
        let at = |end: &str| {
            let point = &value["span"][end];
            Some((usize::try_from(point["line"].as_u64()?).ok()?, usize::try_from(point["column"].as_u64()?).ok()?))
        };
        let text = |key: &str| value[key].as_str().map(str::to_owned);
        Some(Self {
            number,
            genre: text("genre")?,
            replacement: text("replacement")?,
            name: text("name")?,
            start: at("start")?,
            end: at("end")?,
        })
    }
}

fn programs() -> Result<(), Box<dyn Error>> {
    for line in std::io::stdin().lines() {
        let Ok(value) = serde_json::from_str::<Value>(&line?) else { continue };
        if let (Some(program), Some(true)) = (value["executable"].as_str(), value["profile"]["test"].as_bool()) {
            println!("{program}");
        }
    }
    Ok(())
}

/// Every error belongs to the innermost mutant that it stands in.
fn culprits(root: &Path) -> Result<(), Box<dyn Error>> {
    let mut found = BTreeSet::new();
    let mut others = Vec::new();
    for line in std::io::stdin().lines() {
        let Ok(value) = serde_json::from_str::<Value>(&line?) else { continue };
        let message = &value["message"];
        if value["reason"] != "compiler-message" || message["level"] != "error" {
            continue;
        }
        let spans = message["spans"].as_array().map_or(&[][..], Vec::as_slice);
        let mut primary = spans.iter().filter(|span| span["is_primary"] == true);
        // A match that is not exhaustive any more is named at its scrutinee, and not at the arms that may be missing.
        if message["code"]["code"] == "E0004" {
            let arms: Vec<usize> = primary.clone().flat_map(|span| arms(root, span)).collect();
            if !arms.is_empty() {
                found.extend(arms);
                continue;
            }
        }
        match primary.find_map(|span| culprit(root, span)) {
            Some(number) => drop(found.insert(number)),
            // "aborting due to 3 previous errors" has no place.
            None if !spans.is_empty() => others.push(message["rendered"].as_str().unwrap_or_default().to_owned()),
            None => {}
        }
    }
    found.iter().for_each(|number| println!("{number}"));
    if found.is_empty() { Err(others.join("\n").into()) } else { Ok(()) }
}

/// The mutants that take an arm out of the match whose scrutinee is here. Those of a match inside of it are none.
fn arms(root: &Path, span: &Value) -> Vec<usize> {
    let after = || {
        let text = std::fs::read_to_string(root.join(span["file_name"].as_str()?)).ok()?;
        let at = usize::try_from(span["byte_end"].as_u64()?).ok()?;
        text.get(at..).map(str::to_owned)
    };
    let Some(after) = after() else { return Vec::new() };
    let (mut depth, mut found) = (0, Vec::new());
    for (at, letter) in after.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth <= 1 => break,
            '}' => depth -= 1,
            '/' if depth == 1 => {
                let mark = after.get(at..).and_then(|rest| rest.strip_prefix("/*<")?.split_once("*/ if !crate::mutant("));
                found.extend(mark.and_then(|(number, _)| number.parse::<usize>().ok()));
            }
            _ => {}
        }
    }
    found
}

fn culprit(root: &Path, span: &Value) -> Option<usize> {
    let text = std::fs::read_to_string(root.join(span["file_name"].as_str()?)).ok()?;
    let at = usize::try_from(span["byte_start"].as_u64()?).ok()?;
    let mut stack = Vec::new();
    let mut rest = text.get(..at)?;
    while let Some(start) = rest.find("/*") {
        rest = &rest[start + 2..];
        let Some(end) = rest.find("*/") else { break };
        let (mark, after) = (&rest[..end], &rest[end + 2..]);
        if let Some(number) = mark.strip_prefix('<').and_then(|n| n.parse::<usize>().ok()) {
            stack.push(number);
            rest = after;
        } else if mark.strip_suffix('>').is_some_and(|n| n.parse::<usize>().is_ok()) {
            stack.pop();
            rest = after;
        }
    }
    stack.pop()
}
