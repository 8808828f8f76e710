//! The pages themselves: each has a configuration that is one, and each row of the table a page and a test.

use std::fs;

use crate::machine::{Machine, accepted, blocks, repository};

/// The pages of `docs/setups`, without the table's own.
fn pages() -> Vec<String> {
    let entries = fs::read_dir(repository("docs/setups")).unwrap();
    let mut pages: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "README.md")
        .collect();
    pages.sort();
    assert!(pages.len() >= 5, "{pages:?}");
    pages
}

#[test]
fn every_pages_configuration_is_accepted() {
    let machine = Machine::new();
    for page in pages() {
        let found = blocks(&page, "toml");
        assert!(!found.is_empty(), "{page} has no configuration");
        for block in &found {
            let config = accepted(&machine, &page, block);
            assert_ne!(config["primary"], serde_json::Value::Null, "{page}");
        }
    }
}

/// The rows of the table, each as its cells.
fn rows() -> Vec<Vec<String>> {
    let text = fs::read_to_string(repository("docs/setups/README.md")).unwrap();
    let table = text.lines().filter(|line| line.starts_with('|')).skip(2);
    table.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

#[test]
fn every_row_has_its_page_and_its_test() {
    let tests: Vec<String> = fs::read_dir(repository("failover-cli/tests/setups"))
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    let (rows, pages) = (rows(), pages());
    assert!(rows.len() >= 8, "{rows:?}");
    for row in &rows {
        let [.., page, test] = row.as_slice() else { panic!("{row:?}") };
        let named = test.trim_matches('`');
        let function = format!("#[test]\nfn {named}() {{");
        assert!(tests.iter().any(|text| text.contains(&function)), "there is no test {named}");
        let leads = page.split_once("](").unwrap().1.trim_end_matches(')').split('#').next().unwrap();
        assert!(pages.iter().any(|page| page == leads), "{page}");
    }
    for page in &pages {
        assert!(rows.iter().any(|row| row.iter().any(|cell| cell.contains(page.as_str()))), "{page} is in no row");
    }
}
