//! The surface that a program of one's own meets: few names in the prelude, and no name that stands for two things.

use std::collections::BTreeMap;
use std::fs;

use crate::house::source_of;
use crate::read;
use crate::sources::below;

/// The name that a line declares, where it declares a public type or trait.
fn declared(line: &str) -> Option<&str> {
    let kinds = ["pub struct ", "pub enum ", "pub trait ", "pub type "];
    let name = kinds.iter().find_map(|kind| line.strip_prefix(kind))?;
    name.split(|c: char| !c.is_alphanumeric()).next()
}

#[test]
fn no_two_public_types_have_one_name() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in below(&source_of("failover-core")) {
        let text = fs::read_to_string(&file).expect("a source");
        for name in text.lines().filter_map(declared) {
            places.entry(name.to_owned()).or_default().push(file.display().to_string());
        }
    }
    assert!(places.len() > 250, "only {} types", places.len());
    let twice: Vec<_> = places.iter().filter(|(_, files)| files.len() > 1).collect();
    assert!(twice.is_empty(), "one name for two things: {twice:#?}");
}

/// What a page of imports can be learnt of: where it grows past that, it is no selection any more.
#[test]
fn the_prelude_is_a_selection() {
    let source = read("failover-core/src/prelude.rs");
    let names = source.split("pub use ").skip(1).filter_map(|line| line.split(';').next()).flat_map(|path| {
        let listed = path.split_once('{').map_or(path.rsplit("::").next().unwrap_or(path), |(_, listed)| listed);
        listed.trim_end_matches('}').split(',').map(str::trim).filter(|name| !name.is_empty())
    });
    let names: Vec<&str> = names.collect();
    assert!((60..=85).contains(&names.len()), "{} names: {names:?}", names.len());
}
