//! S3 in a report: what the journal does not know is said to be unknown. And any journal has one.

use std::io::Write as _;

use failover_core::journal::record::Record;
use failover_core::journal::{self, Entry};
use failover_core::report::Report;
use failover_core::signer::Model;
use serde_json::Value;

use crate::support::{BOTH, records};
use crate::tags;

/// Every beginning of a journal is one that a cut may leave.
#[test]
fn s3_every_beginning_of_a_journal_has_whole_pages() {
    for model in BOTH {
        for scenario in ["planned", "h3", "h9"] {
            let entries = records(scenario, model);
            for count in 0..=entries.len() {
                let report = Report::of(&entries[..count], None);
                let html = report.html();
                tags::whole(&html);
                tags::needs_nothing(&html);
                assert_eq!(report.records, count);
                assert!(!report.next.is_empty());
                assert!(report.levels.points().iter().all(|point| html.contains(&point.level.grouped())));
                if report.levels.bound.is_none() {
                    assert!(report.markdown().contains("the highest level that the primary may have signed (B)"));
                    assert_eq!(report.levels.quarantine(), None);
                }
                if report.end.is_none() && count > 0 {
                    assert!(html.contains("the run goes on at this moment, or it was cut off"), "{scenario} {count}");
                }
            }
        }
    }
}

#[test]
fn an_empty_journal_says_that_nothing_was_done() {
    let report = Report::of(&[], None);
    let page = report.markdown();
    assert!(page.contains("no effect was tried") && page.contains("failover run"), "{page}");
    assert!(!page.contains(": 0"), "unknown is never zero: {page}");
    tags::whole(&report.html());
}

/// What older versions did not write is unknown, not zero, not refused.
#[test]
fn s3_an_old_journal_is_told_with_what_it_knows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.jsonl");
    let mut file = std::fs::File::create(&path).unwrap();
    for Entry { seq, at, record } in records("planned", Model::TezSign) {
        let mut line = serde_json::to_value(&record).unwrap();
        old(&mut line);
        line["v"] = 1.into();
        line["seq"] = seq.into();
        line["at"] = at.to_string().into();
        writeln!(file, "{line}").unwrap();
    }
    let entries = journal::read::<Record>(&path).unwrap().entries;
    let report = Report::of(&entries, None);
    assert_eq!((report.cost.unvoted, report.cost.price.is_none()), (None, true));
    assert_eq!(report.levels.primary.len(), 1, "the last signature that the plan names");
    assert!(report.levels.last_head.is_some() && report.levels.basis.is_none());
    let page = report.markdown();
    assert!(page.contains("- Levels with rights and no vote: unknown"), "{page}");
    assert!(page.contains("the plan names no price: it is unknown"), "{page}");
    let html = report.html();
    assert!(html.contains("may have signed (the journal does not say why)"), "{html}");
    tags::whole(&html);
}

fn old(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for field in ["last_of_kind", "price", "basis", "bound_of", "locks", "unvoted", "missed_levels", "sources"]
            {
                map.remove(field);
            }
            let resumed = map.get_mut("resumed").and_then(Value::as_object_mut);
            resumed.into_iter().for_each(|resumed| drop(resumed.remove("head")));
            map.values_mut().for_each(old);
        }
        Value::Array(items) => items.iter_mut().for_each(old),
        _ => {}
    }
}

#[test]
fn a_torn_journal_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("torn.jsonl");
    let mut text = String::new();
    for Entry { seq, at, record } in records("planned", Model::Ledger).into_iter().take(9) {
        let mut line = serde_json::to_value(&record).unwrap();
        (line["v"], line["seq"], line["at"]) = (1.into(), seq.into(), at.to_string().into());
        text.push_str(&format!("{line}\n"));
    }
    text.truncate(text.len() - 20);
    std::fs::write(&path, text).unwrap();
    let found = journal::read::<Record>(&path).unwrap();
    let report = Report::of(&found.entries, found.torn);
    assert!(report.torn.is_some() && report.records == 8);
    assert!(report.warnings[0].contains("cut off"), "{:?}", report.warnings);
    assert!(report.html().contains("the last one was cut off"));
}
