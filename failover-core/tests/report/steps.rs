//! Every step with its time, in order, in the report and on both pages.

use std::time::Duration;

use failover_core::decision::WaitFor;
use failover_core::journal::Entry;
use failover_core::journal::record::Record;
use failover_core::report::{Report, What};

use crate::support::{BOTH, in_order, records};

#[test]
fn every_step_is_told_with_its_time_and_how_long_it_took() {
    for model in BOTH {
        for scenario in ["planned", "emergency", "h3", "h9", "h22"] {
            let entries = records(scenario, model);
            let report = Report::of(&entries, None);
            let mut steps =
                report.timeline.iter().filter(|e| matches!(e.what, What::Done | What::Failed | What::Unknown));
            let mut begun = entries.iter().filter(|e| matches!(e.record, Record::Before { .. }));
            for before in begun.by_ref() {
                let Record::Before { step, number } = &before.record else { panic!() };
                let told = steps.next().unwrap_or_else(|| panic!("{scenario}: {step} is not told"));
                assert_eq!((told.seq, told.at, told.number), (before.seq, before.at, Some(*number)), "{scenario}");
                assert_eq!(told.text, step.to_string(), "{scenario}");
                let after = entries.iter().skip_while(|e| e.seq <= before.seq).find_map(|e| match &e.record {
                    Record::After { step: tried, .. } if tried == step => Some(Some(e.at)),
                    Record::Before { .. } | Record::Resume { .. } => Some(None),
                    _ => None,
                });
                match after.flatten() {
                    Some(after) => assert_eq!(told.took, Some(after.since(before.at)), "{scenario} {step}"),
                    None => assert_eq!((told.what, told.took), (What::Unknown, None), "{scenario} {step}"),
                }
            }
            assert!(steps.next().is_none(), "{scenario}: a step that nobody tried");
            assert!(report.timeline.is_sorted_by_key(|event| event.at), "{scenario}: not in order");
            let told = report.timeline.iter().filter(|e| e.what == What::Done).map(|e| (e.at.to_string(), e));
            let words: Vec<String> = told.flat_map(|(at, e)| [at[11..19].to_owned(), e.text.clone()]).collect();
            in_order(&report.markdown(), words.iter().map(String::as_str));
            let escaped: Vec<String> = words.iter().map(|word| word.replace('\'', "&#39;")).collect();
            in_order(&report.html(), escaped.iter().map(String::as_str));
        }
    }
}

#[test]
fn a_wait_lasts_until_the_next_thing_and_is_told_once() {
    let mut entries = records("emergency", BOTH[0]);
    let waits = |e: &Entry<Record>| matches!(&e.record, Record::Wait { waiting, .. } if matches!(waiting.why, WaitFor::Silence { .. }));
    let first = entries.iter().position(waits).expect("the silence");
    let later = &entries[first..];
    let next =
        later.iter().position(|e| !matches!(e.record, Record::Wait { .. } | Record::Fence { .. })).unwrap() + first;
    // What comes after that takes no time in a simulation; here it does.
    entries[next + 1..].iter_mut().for_each(|entry| entry.at = entry.at.after(Duration::from_secs(7)));
    let report = Report::of(&entries, None);
    let told: Vec<_> = report.timeline.iter().filter(|e| e.text.contains("silence in 10 levels")).collect();
    let [silence] = told.as_slice() else { panic!("one wait, not {told:?}") };
    assert_eq!((silence.at, silence.took), (entries[first].at, Some(entries[next].at.since(entries[first].at))));
    assert!(silence.took.unwrap().as_secs() >= 90, "ten levels");
}
