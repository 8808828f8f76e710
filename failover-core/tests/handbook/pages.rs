//! The handbook and the code say the same: every refusal and every error that can be printed is explained in `docs/`,
//! nothing is explained that is not there any more, and no link leads nowhere.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{read, root};

/// The chapter of `docs/errors.md` whose sentences are a command's own and no `#[error]`.
const OWN_WORDS: &str = "What a command says of itself";

/// Every source of both crates, by its path from the root.
fn sources() -> Vec<(String, String)> {
    let (mut found, mut folders) = (
        Vec::new(),
        vec!["failover-core/src".to_owned(), "failover-cli/src".to_owned(), "failover-sim/src".to_owned()],
    );
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).expect("a folder of sources") {
            let entry = entry.expect("an entry");
            let path = format!("{folder}/{}", entry.file_name().to_str().expect("a name in UTF-8"));
            match entry.path().is_dir() {
                true => folders.push(path),
                false if path.ends_with(".rs") => found.push((path.clone(), read(&path))),
                false => {}
            }
        }
    }
    assert!(found.len() > 200, "only {} sources", found.len());
    found
}

/// The string literal that a text begins with, without its quotes and escapes; what stands in braces becomes `…`,
/// and two of them without a word between become one.
fn literal(text: &str) -> Option<String> {
    let (mut said, mut rest) = (String::new(), text.strip_prefix('"')?.chars());
    loop {
        match rest.next()? {
            '"' => return Some(said),
            '\\' => match rest.next()? {
                '\n' => rest = rest.as_str().trim_start().chars(),
                escaped => said.push(escaped),
            },
            '{' => {
                rest.by_ref().find(|c| *c == '}')?;
                said.truncate(said.trim_end_matches('…').len());
                said.push('…');
            }
            plain => said.push(plain),
        }
    }
}

/// The text of each `#[error("...")]`, with its place. What another error says is that error's, and a text that is made of
/// its parts alone has nothing to look for.
fn errors(source: &str) -> Vec<String> {
    let attributes = source.split("#[error(").skip(1).map(str::trim_start).filter(|a| !a.starts_with("transparent"));
    let texts = attributes.map(|attribute| literal(attribute).unwrap_or_else(|| panic!("no text in {attribute:.80}")));
    texts.filter(|text| text.chars().any(char::is_alphabetic)).collect()
}

/// `PastCap` as serde writes it: `past-cap`.
fn kebab(name: &str) -> String {
    let dashed = name.char_indices().flat_map(|(i, c)| {
        let dash = (i > 0 && c.is_ascii_uppercase()).then_some('-');
        dash.into_iter().chain([c.to_ascii_lowercase()])
    });
    dashed.collect()
}

struct Refusal {
    code: String,
    text: Option<String>,
    exit: String,
    may_pass: bool,
}

/// The part of a text between two others.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let text = text.split_once(from).expect("where it begins").1;
    text.split_once(to).expect("where it ends").0
}

fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split("Self::").skip(1).map(|rest| rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default())
}

fn refusals() -> Vec<Refusal> {
    let source = read("failover-core/src/decision/refusal.rs");
    let follows = read("failover-core/src/decision/refusal/next.rs");
    let exits: Vec<&str> = between(&follows, "pub const fn exit", "\n    }\n").lines().collect();
    let exit = |name: &str| {
        let arm = exits.iter().find(|arm| names(arm).any(|n| n == name) || arm.trim().starts_with("_ =>"));
        arm.expect("an exit code").trim_end_matches(',').rsplit(' ').next().expect("a number").to_owned()
    };
    let passing: BTreeSet<&str> = names(between(&follows, "pub const fn may_pass", "\n    }\n")).collect();
    let body = between(&source, "pub enum Refusal {\n", "\n}\n");
    let found: Vec<Refusal> = body
        .split("    #[error(")
        .skip(1)
        .map(|variant| {
            let mut indented = variant.lines().filter_map(|line| line.strip_prefix("    "));
            let line = indented.find(|line| line.starts_with(char::is_uppercase)).expect("a variant");
            let name = line.trim_end_matches([' ', '{', ',']);
            let text = literal(variant.trim_start()).filter(|text| text.chars().any(char::is_alphabetic));
            Refusal { code: kebab(name), text, exit: exit(name), may_pass: passing.contains(name) }
        })
        .collect();
    assert!(found.len() > 20, "only {} refusals", found.len());
    found
}

/// What a page has in backticks at the beginning of each row of its tables, with the chapter that it stands in.
fn rows(page: &str) -> Vec<(String, String)> {
    let (mut chapter, mut found) = (String::new(), Vec::new());
    for line in page.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            chapter = title.to_owned();
        }
        let Some(cell) = line.strip_prefix("| `") else { continue };
        // A text that has backticks itself stands in two of them.
        let text = match cell.strip_prefix("` ") {
            Some(double) => double.split_once(" ``").expect("the end of a text").0,
            None => cell.split_once('`').expect("the end of a text").0,
        };
        found.push((chapter.clone(), text.to_owned()));
    }
    found
}

#[test]
fn every_refusal_is_explained_with_its_sentence_and_its_exit_code() {
    let page = read("docs/refusals.md");
    let sections: Vec<(&str, &str)> = page.split("\n## `").skip(1).filter_map(|s| s.split_once("`\n")).collect();
    let refusals = refusals();
    for Refusal { code, text, exit, may_pass } in &refusals {
        let (_, section) =
            sections.iter().find(|(c, _)| c == code).unwrap_or_else(|| panic!("docs/refusals.md has no ## `{code}`"));
        let quoted: Vec<&str> = section.lines().filter_map(|line| line.strip_prefix("> ")).collect();
        if let Some(text) = text {
            assert_eq!(quoted, [text], "the sentence of `{code}` in docs/refusals.md");
        }
        let passes = if *may_pass { "May pass by itself" } else { "Does not pass by itself" };
        let line = format!("Exit {exit}. {passes}.");
        assert!(section.lines().any(|l| l.starts_with(&line)), "`{code}` in docs/refusals.md has no line {line:?}");
    }
    for (code, _) in sections {
        assert!(refusals.iter().any(|r| r.code == code), "docs/refusals.md has `{code}`, and no refusal is called so");
    }
}

#[test]
fn every_error_is_explained_and_none_that_is_not_there() {
    let listed: Vec<String> =
        rows(&read("docs/errors.md")).into_iter().filter(|(c, _)| c != OWN_WORDS).map(|(_, text)| text).collect();
    let mut printed = BTreeSet::new();
    let mut missing = Vec::new();
    for (path, source) in sources().iter().filter(|(path, _)| !path.ends_with("decision/refusal.rs")) {
        for text in errors(source) {
            if !listed.contains(&text) {
                missing.push(format!("{text}   ({path})"));
            }
            printed.insert(text);
        }
    }
    assert!(printed.len() > 120, "only {} errors", printed.len());
    assert!(missing.is_empty(), "docs/errors.md does not have:\n{}", missing.join("\n"));
    let gone: Vec<&String> = listed.iter().filter(|text| !printed.contains(*text)).collect();
    assert!(gone.is_empty(), "docs/errors.md has what no error says any more: {gone:#?}");
}

#[test]
fn what_a_command_says_of_itself_stands_in_its_source() {
    let unbroken = |source: &str| {
        let lines: Vec<&str> =
            source.split("\\\n").enumerate().map(|(i, l)| if i == 0 { l } else { l.trim_start() }).collect();
        lines.concat().replace("\\\"", "\"")
    };
    let sources: Vec<String> = sources().iter().map(|(_, source)| unbroken(source)).collect();
    let own: Vec<_> = rows(&read("docs/errors.md")).into_iter().filter(|(chapter, _)| chapter == OWN_WORDS).collect();
    assert!(own.len() > 5, "docs/errors.md has no chapter {OWN_WORDS:?}");
    for (_, text) in own {
        for words in text.split('…').filter(|words| words.chars().any(char::is_alphabetic)) {
            assert!(sources.iter().any(|s| s.contains(words)), "docs/errors.md has {text:?}; no source has {words:?}");
        }
    }
}

/// The page's lines outside of blocks of code.
fn prose(page: &str) -> impl Iterator<Item = &str> {
    page.split("\n```").step_by(2).flat_map(str::lines)
}

/// A heading's anchor, as GitHub makes it.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut pages = vec!["README.md".to_owned(), "CONTRIBUTING.md".to_owned()];
    for folder in ["docs", "docs/setups"] {
        for entry in fs::read_dir(root().join(folder)).expect(folder) {
            let name = entry.expect("an entry").file_name();
            pages.extend(name.to_str().filter(|name| name.ends_with(".md")).map(|name| format!("{folder}/{name}")));
        }
    }
    let mut links = 0;
    for page in pages {
        let text = read(&page);
        for target in prose(&text).flat_map(|line| line.split("](").skip(1)).filter_map(|rest| rest.split(')').next()) {
            if target.contains("://") {
                continue;
            }
            let (file, heading) = target.split_once('#').map_or((target, None), |(file, h)| (file, Some(h)));
            let folder = Path::new(&page).parent().expect("a folder");
            let to = if file.is_empty() { PathBuf::from(&page) } else { folder.join(file) };
            assert!(root().join(&to).exists(), "{page} links to {target}, which is not there");
            if let Some(heading) = heading {
                let linked = read(to.to_str().expect("a path in UTF-8"));
                let there =
                    prose(&linked).filter_map(|line| line.strip_prefix('#')).map(|l| anchor(l.trim_start_matches('#')));
                assert!(there.into_iter().any(|a| a == heading), "{page} links to {target}, which has no such heading");
            }
            links += 1;
        }
    }
    assert!(links > 20, "only {links} links");
}

#[test]
fn what_a_stranger_asks_leads_to_an_item_that_is_there() {
    let page = read("CONTRIBUTING.md");
    let asked: Vec<&str> = between(&page, "## Where is it?", "\n## ").lines().filter(|l| l.contains("](")).collect();
    assert_eq!(asked.len(), 10, "the questions in CONTRIBUTING.md");
    for line in asked {
        let links: Vec<&str> = line.split("[`").skip(1).collect();
        let [link] = links[..] else { panic!("not one link: {line}") };
        let (item, file) = link.split_once("`](").expect("a link to an item");
        let source = read(file.split(')').next().expect("a file"));
        let there = |kind: &str| source.contains(&format!("{kind} {item}"));
        assert!(["fn", "struct", "enum", "trait", "const"].into_iter().any(there), "no {item} in {line}");
    }
}

/// What is called so is in no clone: a page of `docs` is what there is.
#[test]
fn nothing_refers_to_what_is_not_in_the_repository() {
    let elsewhere = ["SAFETY", "CLI", "ARCHITECTURE", "STYLE"].map(|name| format!("{name}.md"));
    let (mut folders, mut texts) = (vec![root()], 0);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let entry = entry.expect("an entry");
            let (path, name) = (entry.path(), entry.file_name());
            let built = [".git", ".tools", ".cache", "target", "corpus", "artifacts"];
            if entry.file_type().expect("a kind").is_dir() {
                if !built.iter().any(|built| name == *built) {
                    folders.push(path);
                }
                continue;
            }
            let Ok(text) = fs::read_to_string(&path) else { continue };
            texts += 1;
            let named = elsewhere.iter().find(|other| text.contains(other.as_str()));
            assert_eq!(named, None, "{}", path.display());
        }
    }
    assert!(texts > 700, "only {texts} texts");
}

/// `make screenshots` prints it by a browser and counts the pages; this is what needs none.
#[test]
fn the_night_is_one_printed_page() {
    let page = read("docs/night.md");
    assert!(page.lines().count() <= 66, "docs/night.md has {} lines", page.lines().count());
    let long = page.lines().find(|line| line.chars().count() > 100);
    assert_eq!(long, None, "docs/night.md has a line that no printed page holds");
    for code in 0..=8 {
        assert!(page.lines().any(|line| line.starts_with(&format!("| {code} |"))), "docs/night.md: exit code {code}");
    }
    // The box at its top, to be filled in by hand.
    let table: Vec<&str> = page.lines().skip(1).skip_while(|line| line.is_empty()).collect();
    let cells = table.iter().take_while(|line| line.starts_with('|')).flat_map(|row| row.trim_matches('|').split('|'));
    let cells: Vec<&str> = cells.map(str::trim).filter(|cell| *cell != "---").collect();
    for what in ["NAME", "address", "PRIMARY", "BACKUP", "call first", "call second", "passphrase", "cabinet"] {
        let blank = cells.chunks(2).any(|pair| pair[0].contains(what) && pair[1].is_empty());
        assert!(blank, "docs/night.md has no blank for {what}: {cells:?}");
    }
}

/// S6 and H22 are explained in the contract. Who has one page in hand has not got that.
#[test]
fn a_page_that_is_read_alone_has_no_codes() {
    let is_code = |word: &&str| {
        word.strip_prefix(['S', 'H']).is_some_and(|number| !number.is_empty() && number.parse::<u8>().is_ok())
    };
    for page in ["docs/night.md", "docs/quick.md"] {
        let text = read(page);
        let code = text.split(|c: char| !c.is_ascii_alphanumeric()).find(is_code);
        assert_eq!(code, None, "{page} does not explain it");
    }
}
