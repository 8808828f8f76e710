//! The pages themselves: whole, in need of nothing, escaped, and without a secret.

use std::sync::{Arc, Mutex};

use failover_core::journal;
use failover_core::journal::record::{Outcome, Record, StepResult};
use failover_core::report::Report;
use failover_core::signer::Model;
use failover_core::state::StateDir;
use failover_sim::Pace;
use failover_sim::drill::{DrillOptions, Rehearsal, Watcher};
use failover_sim::scenario::named;

use crate::support::{BOTH, records, report};
use crate::tags;

const EVIL: &str = "<script>alert(\"1\")</script> & 'x' | `y` \u{1b}[2J \u{202e}";

/// A name, an error, a rung, a key and a source come from outside: none of them becomes markup.
#[test]
fn what_comes_from_outside_is_never_markup() {
    let mut entries = records("h3", Model::TezSign);
    let mut spoiled = 0;
    for entry in &mut entries {
        match &mut entry.record {
            Record::Begin { policy, version, .. } => {
                (policy.name, *version) = (EVIL.to_owned(), EVIL.to_owned());
                policy.without.push(EVIL.to_owned());
            }
            Record::Plan(plan) => {
                (plan.why, plan.sources) = (EVIL.to_owned(), vec![EVIL.to_owned()]);
                plan.last_of_kind.iter_mut().for_each(|s| s.seen_in = EVIL.to_owned());
            }
            Record::Fence { rungs, .. } => rungs.iter_mut().for_each(|rung| rung.why = EVIL.to_owned()),
            Record::After { result, .. } => {
                let (why, next) = (EVIL.to_owned(), EVIL.to_owned());
                *result = StepResult::Failed { why, next, nonces: None };
            }
            Record::Duplicate { signed, .. } => signed.iter_mut().for_each(|s| s.seen_in = EVIL.to_owned()),
            Record::Disarmed { what, .. } => what.push(EVIL.to_owned()),
            Record::End(end) => {
                (end.message, end.next, end.outcome) = (EVIL.into(), EVIL.into(), Outcome::Other(EVIL.into()));
            }
            _ => continue,
        }
        spoiled += 1;
    }
    assert!(spoiled > 10);
    let report = Report::of(&entries, None);
    let html = report.html();
    tags::whole(&html);
    tags::needs_nothing(&html);
    assert!(html.contains("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39;"));
    for page in [html, report.markdown()] {
        assert!(!page.contains(['\u{1b}', '\u{202e}']), "a control character went through");
    }
    // Outside of the block of the levels, which is text as it is, Markdown must not see a tag either.
    let markdown = report.markdown();
    let outside: String = markdown.split("```").step_by(2).collect();
    assert!(outside.contains("\\<script\\>") && markdown.contains("```"));
    for (at, _) in outside.match_indices('<') {
        assert!(outside[..at].ends_with('\\'), "{}", &outside[at..]);
    }
}

#[test]
fn a_page_is_whole_and_needs_nothing() {
    for model in BOTH {
        // The last one is a TezSign's only.
        let scenarios = ["planned", "emergency", "h1", "h3", "h4", "h9", "h16", "nobody-there"];
        for scenario in scenarios.into_iter().filter(|name| *name != "nobody-there" || model == Model::TezSign) {
            let html = report(scenario, model).html();
            tags::whole(&html);
            tags::needs_nothing(&html);
            for wanted in ["width=device-width", "prefers-color-scheme: dark", "@media print", "lang=\"en\"", "<title>"]
            {
                assert!(html.contains(wanted), "{scenario}: {wanted}");
            }
            assert!(html.len() < 200_000, "{scenario}: {} bytes", html.len());
        }
    }
}

#[test]
fn the_picture_says_in_words_what_it_shows() {
    let report = report("planned", Model::TezSign);
    let html = report.html();
    let (_, picture) = html.split_once("<svg").expect("a picture");
    let (picture, _) = picture.split_once("</svg>").unwrap();
    let (_, title) = picture.split_once("<title id=\"picture\">").expect("a title");
    let (title, _) = title.split_once("</title>").unwrap();
    for point in report.levels.points() {
        assert!(title.contains(&format!("{:#}: {}", point.level, point.short)), "{title}");
    }
    assert!(html.contains("aria-labelledby=\"picture\"") && html.contains("role=\"img\""));
}

/// Labels stand apart, whatever the levels are: neighbours on one side of the axis are a label's width apart.
#[test]
fn no_label_of_the_picture_touches_another() {
    for scenario in ["planned", "emergency", "h3", "h3-after", "h9", "h6"] {
        apart(&report(scenario, Model::TezSign).html(), 4);
    }
    // As many levels as are ever drawn, near each other and far apart.
    for far in [1, 100, 1_000_000] {
        let mut entries = records("h3-after", Model::TezSign);
        for entry in &mut entries {
            match &mut entry.record {
                Record::Plan(plan) => {
                    for (index, signed) in (1..).zip(&mut plan.last_of_kind) {
                        signed.at.level = signed.at.level.below(index * far).unwrap();
                    }
                }
                Record::Duplicate { signed, shared } => {
                    for (index, more) in (1..4).flat_map(|index| [(2 * index, 0), (2 * index + 1, 1)]) {
                        let list = if more == 0 { &mut *signed } else { &mut *shared };
                        let mut another = list[0].clone();
                        another.at.level = another.at.level.above(index * far);
                        list.push(another);
                    }
                }
                _ => {}
            }
        }
        let report = Report::of(&entries, None);
        assert_eq!(report.levels.foreign.len(), 4, "all are told, two levels of them are drawn");
        apart(&report.html(), 9);
    }
}

fn apart(html: &str, least: usize) {
    let mut labels: Vec<(u32, u32)> = Vec::new();
    for text in html.split("<text class=\"level\"").skip(1) {
        let number = |name: &str| -> u32 {
            let (_, rest) = text.split_once(&format!("{name}=\"")).unwrap();
            rest.split('"').next().unwrap().parse().unwrap()
        };
        labels.push((number(" x"), number(" y")));
    }
    assert!(labels.len() >= least, "{labels:?}");
    for (index, (x, y)) in labels.iter().enumerate() {
        assert!((60..=1020).contains(x), "{labels:?}");
        for (other, below) in labels.iter().skip(index + 1) {
            // 20 letters at 13 pixels are 125 wide; those above the axis and those below it cannot meet.
            let same_side = (*y < 108) == (*below < 108);
            assert!(!same_side || x.abs_diff(*other) >= 130, "{labels:?}");
        }
    }
}

/// S9: the passphrase that the run was given is on no page and in no record.
#[test]
fn s9_no_passphrase_is_in_a_report() {
    let scratch = tempfile::tempdir().unwrap();
    let watcher: Watcher = Arc::new(Mutex::new(|_, _: &Record| {}));
    let options = DrillOptions { model: Model::TezSign, seed: 7, pace: Pace::Fast };
    let mut rehearsal = Rehearsal::new(named("planned").unwrap(), &options, scratch.path(), &watcher).unwrap();
    let secret = rehearsal.world().passphrase();
    assert!(secret.len() > 8, "too short to be looked for");
    assert_eq!(rehearsal.session(None).unwrap().exit, 0, "it was unlocked with it");
    let path = StateDir::existing(scratch.path()).unwrap().journals().unwrap().remove(0);
    let report = Report::of(&journal::read(&path).unwrap().entries, None);
    let json = serde_json::to_string(&report).unwrap();
    for page in [report.html(), report.markdown(), json, format!("{report:?}")] {
        assert!(page.contains("proof") || page.contains("prove"), "the step that used it is told");
        assert!(!page.contains(&secret));
    }
}
