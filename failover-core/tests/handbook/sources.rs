//! The sources of a crate, and what each of them names of its own crate.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A module by its path in the crate: `["decision", "fence"]`; the root has none.
pub(crate) type Module = Vec<String>;

/// Every source below a folder.
pub(crate) fn below(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    assert!(!found.is_empty(), "no sources below {}", root.display());
    found
}

/// What each module of a crate names of others in it, its tests left out: `(from, to)`, each as deep as there is a file.
pub(crate) fn arrows(src: &Path) -> BTreeSet<(Module, Module)> {
    let mut texts = BTreeMap::new();
    for file in below(src) {
        let relative = file.strip_prefix(src).expect("it is below").with_extension("");
        let mut module: Module = relative.iter().map(|part| part.to_str().expect("UTF-8").to_owned()).collect();
        if module.last().is_some_and(|last| last == "lib" || last == "main") {
            module.pop();
        }
        texts.insert(module, code(&fs::read_to_string(&file).expect("a source")));
    }
    let is_test = |module: &Module| module.iter().any(|part| part == "tests" || part.ends_with("_tests"));
    let mut found = BTreeSet::new();
    for (module, text) in texts.iter().filter(|(module, _)| !is_test(module)) {
        for path in paths(text) {
            if let Some(to) = module_of(module, &path, &texts).filter(|to| to != module) {
                found.insert((module.clone(), to));
            }
        }
    }
    found
}

/// Without comments, and without the tests at its end.
fn code(text: &str) -> String {
    let lines = text.lines().map(|line| match line.split_once("//") {
        Some((before, _)) => before,
        None => line,
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned()
}

/// Every path that the code names: those of its `use` trees, and those that begin with `crate`, `super` or `self`.
fn paths(code: &str) -> Vec<Vec<String>> {
    let (mut found, mut rest) = (Vec::new(), String::new());
    for (index, part) in code.split("use ").enumerate() {
        let line = rest.rsplit('\n').next().unwrap_or_default().trim();
        let is_use = index > 0 && (line.is_empty() || line.starts_with("pub"));
        match part.split_once(';') {
            Some((tree, after)) if is_use => {
                expand(&[], &tree.split_whitespace().collect::<Vec<_>>().join(" "), &mut found);
                rest.push_str(after);
            }
            _ => rest.push_str(part),
        }
    }
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    for path in rest.split(|c: char| !word(c)) {
        if ["crate::", "super::", "self::"].iter().any(|begin| path.starts_with(begin)) {
            found.push(path.split("::").map(str::to_owned).collect());
        }
    }
    found
}

/// `a::{b, c::d as e}` is `a::b` and `a::c::d`.
fn expand(before: &[String], tree: &str, found: &mut Vec<Vec<String>>) {
    let tree = tree.trim();
    let Some((head, inner)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default().split("::");
        let parts = path.map(|part| part.trim().to_owned()).filter(|part| !part.is_empty() && part != "self");
        found.push(before.iter().cloned().chain(parts).collect());
        return;
    };
    let head = head.split("::").map(|part| part.trim().to_owned()).filter(|part| !part.is_empty());
    let before: Vec<String> = before.iter().cloned().chain(head).collect();
    let inner = inner.rsplit_once('}').map_or(inner, |(inner, _)| inner);
    let (mut depth, mut begin) = (0_u32, 0);
    for (at, c) in inner.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                expand(&before, &inner[begin..at], found);
                begin = at + 1;
            }
            _ => {}
        }
    }
    if !inner[begin..].trim().is_empty() {
        expand(&before, &inner[begin..], found);
    }
}

/// The deepest module that a path names, seen from `from`; `None`: it is another crate's.
fn module_of(from: &Module, path: &[String], all: &BTreeMap<Module, String>) -> Option<Module> {
    let mut at = from.clone();
    let mut rest = path;
    match rest.first()?.as_str() {
        "crate" => {
            at.clear();
            rest = &rest[1..];
        }
        "super" => {
            while rest.first().is_some_and(|part| part == "super") {
                at.pop();
                rest = &rest[1..];
            }
        }
        "self" => rest = &rest[1..],
        first => {
            let child: Module = at.iter().cloned().chain([first.to_owned()]).collect();
            if !all.contains_key(&child) {
                return None;
            }
        }
    }
    for part in rest {
        let child: Module = at.iter().cloned().chain([part.clone()]).collect();
        if !all.contains_key(&child) {
            break;
        }
        at = child;
    }
    Some(at)
}
