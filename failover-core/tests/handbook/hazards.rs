//! `docs/hazards.md` is the contract: every rule and every hazard has its row, and what a row names is there.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::{read, root};

const PAGE: &str = "docs/hazards.md";
/// What a row says where it has no scenario or no test.
const NONE: &str = "none yet";

/// The cells of each row that is called by this letter and a number.
fn rows(page: &str, letter: char) -> Vec<Vec<&str>> {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let named =
        |name: &str| name.strip_prefix(letter).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    rows.map(|row| row.split(" | ").collect::<Vec<_>>()).filter(|cells| named(cells[0])).collect()
}

/// What a cell has in backticks, and what of it is a link.
fn named(cell: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    cell.split("`").skip(1).step_by(2).zip(cell.split("`").skip(2).step_by(2)).map(|(name, after)| {
        let link = after.strip_prefix("](").and_then(|rest| rest.split(')').next());
        (name, link)
    })
}

/// Every scenario of `failover drill`, with its exit code.
fn scenarios() -> BTreeMap<String, String> {
    let folder = root().join("failover-sim/src/scenario");
    let files = fs::read_dir(folder).expect("the scenarios").map(|entry| entry.expect("an entry").path());
    let mut found = BTreeMap::new();
    for text in files.map(|file| fs::read_to_string(file).expect("a source")) {
        let mut last = None;
        for line in text.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix("name: \"").and_then(|rest| rest.strip_suffix("\",")) {
                found.insert(name.to_owned(), "0".to_owned());
                last = Some(name.to_owned());
            } else if let (Some(exit), Some(name)) = (line.strip_prefix("exit: "), &last) {
                found.insert(name.clone(), exit.trim_end_matches(',').to_owned());
            }
        }
    }
    assert!(found.len() > 80, "only {} scenarios", found.len());
    found
}

/// Is this test in this file: a function of Rust's under `#[test]`, or a case of a shell's?
fn is_there(name: &str, file: &str) -> bool {
    let text = read(file);
    if Path::new(file).extension().is_some_and(|e| e == "sh") {
        return text.contains(&format!("\n{name}() {{"));
    }
    let (head, call) = (text.split("#[test]").skip(1), format!("{name}("));
    head.filter_map(|rest| rest.split_once("fn ")).any(|(_, rest)| rest.starts_with(&call))
}

#[test]
fn every_rule_and_every_hazard_has_one_row() {
    let page = read(PAGE);
    let wanted = |letter: char, last: u8, more: &[&str]| {
        let mut names: Vec<String> = (1..=last).map(|n| format!("{letter}{n}")).collect();
        names.extend(more.iter().map(ToString::to_string));
        names.sort();
        names
    };
    for (letter, wanted) in [('S', wanted('S', 18, &["S1a", "S1b"])), ('H', wanted('H', 45, &[]))] {
        let mut there: Vec<&str> = rows(&page, letter).into_iter().map(|cells| cells[0]).collect();
        there.sort_unstable();
        assert_eq!(there, wanted, "the rows of {PAGE}");
    }
}

#[test]
fn what_a_row_names_is_there() {
    let page = read(PAGE);
    let of_rules = rows(&page, 'S').into_iter().map(|cells| {
        assert_eq!(cells.len(), 4, "{}", cells[0]);
        assert!(named(cells[2]).any(|(_, link)| link.is_some()), "{} is enforced nowhere", cells[0]);
        (cells[0], cells[3])
    });
    let of_hazards = rows(&page, 'H').into_iter().map(|cells| (cells[0], *cells.last().expect("a cell")));
    for (row, tests) in of_rules.chain(of_hazards) {
        let found: Vec<_> = named(tests).collect();
        assert!(!found.is_empty() || tests.contains(NONE), "{row} has no test, and does not say so");
        for (name, link) in found {
            let link = link.unwrap_or_else(|| panic!("{row}: {name} has no link"));
            let file = link.strip_prefix("../").unwrap_or_else(|| panic!("{row}: {link} is no file from the root"));
            assert!(is_there(name, file), "{row}: there is no test {name} in {file}");
        }
    }
}

#[test]
fn every_drill_of_a_hazard_is_there_and_ends_as_its_row_says() {
    let (page, scenarios) = (read(PAGE), scenarios());
    for cells in rows(&page, 'H') {
        let [row, _, _, exit, drills, _] = cells[..] else { panic!("{} has {} cells", cells[0], cells.len()) };
        let drills: Vec<&str> = named(drills).map(|(name, _)| name).collect();
        assert!(!drills.is_empty() || cells[4] == NONE, "{row} has no drill, and does not say so");
        for drill in &drills {
            assert!(scenarios.contains_key(*drill), "{row}: there is no scenario {drill}");
        }
        let own = row.to_lowercase();
        if let Some(code) = scenarios.get(&own) {
            assert!(drills.contains(&own.as_str()), "{row} does not name its scenario");
            assert!(exit.split(|c: char| !c.is_ascii_digit()).any(|c| c == code), "{row} ends with {code}, not {exit}");
        }
    }
}
