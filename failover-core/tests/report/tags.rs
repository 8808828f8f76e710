//! Is a page whole: every tag closed in its order, every attribute quoted, nothing loaded, nothing that runs?

/// Tags that have no end.
const VOID: [&str; 1] = ["meta"];

pub(crate) fn whole(page: &str) {
    let mut rest = page.strip_prefix("<!doctype html>").expect("a page");
    let mut open: Vec<&str> = Vec::new();
    while let Some(at) = rest.find('<') {
        let (tag, after) = rest[at + 1..].split_once('>').expect("a tag ends");
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "closed too early, or never opened");
            continue;
        }
        let name = tag.split([' ', '/']).next().unwrap();
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "<{tag}>");
        assert_eq!(tag.matches('"').count() % 2, 0, "<{tag}>");
        if !tag.ends_with('/') && !VOID.contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "never closed: {open:?}");
}

pub(crate) fn needs_nothing(page: &str) {
    let all = page.to_lowercase();
    for banned in
        ["http:", "https:", "src=", "href=", "@import", "<script", "<link", "<img", "<iframe", "<object", "<base"]
    {
        assert!(!all.contains(banned), "the page has {banned}");
    }
    let loads: Vec<&str> = all.split("url(").skip(1).filter(|rest| !rest.starts_with("#hatch)")).collect();
    assert!(loads.is_empty(), "{loads:?}");
    for tag in all.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(tag, _)| tag) {
        assert!(!tag.contains(" on"), "<{tag}> runs something");
    }
}

#[test]
fn what_is_not_whole_is_seen() {
    whole("<!doctype html><p class=\"a\">x</p><meta charset=\"utf-8\"><br/>");
    for broken in ["<p>x", "<p><b>x</p></b>", "x</p>", "<p class=\"a>x</p>"] {
        let page = format!("<!doctype html>{broken}");
        assert!(std::panic::catch_unwind(|| whole(&page)).is_err(), "{broken}");
    }
}
