//! The report as Markdown: it reads well as plain text, and its tables are narrow.

use std::fmt::Write as _;

use crate::tezos::Kind;

use super::words::{clock, moment, offset, parts, path, plain};
use super::{Event, Report, What};
use crate::decision::ladder::title;

/// Text, with what Markdown would take for something else escaped; commands between backticks stay such.
fn text(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for (part, code) in parts(text) {
        if code {
            safe.push_str(&format!("`{}`", plain(part)));
            continue;
        }
        for c in plain(part).chars() {
            if matches!(c, '\\' | '|' | '<' | '>' | '`' | '*' | '[' | ']') {
                safe.push('\\');
            }
            safe.push(c);
        }
    }
    safe
}

pub(super) fn page(report: &Report) -> String {
    let mut page = String::new();
    head(report, &mut page);
    levels(report, &mut page);
    fence(report, &mut page);
    steps(report, &mut page);
    marks(report, &mut page);
    cost(report, &mut page);
    rest(report, &mut page);
    page
}

fn line(page: &mut String, text: &str) {
    page.push_str(text);
    page.push('\n');
}

fn heading(page: &mut String, name: &str) {
    line(page, &format!("\n## {name}\n"));
}

fn head(report: &Report, page: &mut String) {
    let what = if report.drill.is_some() { "Failover drill" } else { "Failover" };
    line(page, &format!("# {what} of {}: {}\n", text(report.name()), text(&report.verdict().to_lowercase())));
    if let Some(drill) = &report.drill {
        let again =
            format!("failover drill --scenario {} --signer {} --seed {}", drill.scenario, drill.signer, drill.seed);
        line(
            page,
            &format!("**A rehearsal: every machine, signer and block in it is simulated.** `{}`\n", plain(&again)),
        );
        for twice in &drill.signed_twice {
            line(page, &format!("**SIGNED TWICE: {}**\n", text(twice)));
        }
        if drill.signed_twice.is_empty() {
            let said = format!("{} signatures by both machines, no position signed twice.\n", drill.signatures);
            line(page, &said);
        }
    }
    line(page, &format!("{}.\n", text(&report.message())));
    line(page, &format!("**Next:** {}\n", text(&report.next)));
    for (name, value) in facts(report) {
        line(page, &format!("- {name}: {}", text(&value)));
    }
    if !report.warnings.is_empty() {
        heading(page, "To know");
        report.warnings.iter().for_each(|warning| line(page, &format!("- {}", text(warning))));
    }
}

/// The run in a few facts; the HTML page has the same.
pub(super) fn facts(report: &Report) -> Vec<(&'static str, String)> {
    let unknown = || "unknown".to_owned();
    let mut facts = Vec::new();
    if let Some(baker) = &report.baker {
        facts.push(("Baker", baker.address.to_string()));
        facts.push(("Chain", baker.chain.to_string()));
    }
    facts.push(("Plan", report.plan.map_or_else(unknown, |plan| plan.to_string())));
    facts.push(("The primary", path(report.path).to_owned()));
    facts.push(("Began", report.began.map_or_else(unknown, moment)));
    let lasted = report.began.zip(report.last).map(|(began, last)| super::words::lasting(last.since(began)));
    let last = report.last.map_or_else(unknown, moment);
    match &report.end {
        Some(end) => facts.push(("Ended", format!("{last}, exit {}", end.exit))),
        None => facts.push(("Last record", last)),
    }
    facts.push(("Took", lasted.unwrap_or_else(unknown)));
    if report.sessions.len() > 1 {
        facts.push(("Sessions", report.sessions.len().to_string()));
    }
    facts.push(("Written by", format!("failover {}", report.versions.join(", then "))));
    facts
}

fn levels(report: &Report, page: &mut String) {
    heading(page, "Levels");
    let levels = &report.levels;
    let points = levels.points();
    if !points.is_empty() {
        line(page, "```text");
    }
    let mut before = None;
    for point in &points {
        if let Some(before) = before
            && let gap @ 2.. = point.level.since(before)
        {
            line(page, &format!("{:>12}  | {} levels", "", gap.saturating_sub(1)));
        }
        let level = if before == Some(point.level) { String::new() } else { point.level.grouped() };
        let what = plain(&point.what).replace('`', "'");
        for (index, part) in wrapped(&what, 60).iter().enumerate() {
            if index == 0 {
                line(page, &format!("{level:>12}  o {part}"))
            } else {
                line(page, &format!("{:>14}  {part}", ""))
            }
        }
        before = Some(point.level);
    }
    if !points.is_empty() {
        line(page, "```");
    }
    if let Some(quarantine) = levels.quarantine_words() {
        line(page, &format!("\nThe {quarantine}."));
    }
    let unknown = levels.unknown();
    if !unknown.is_empty() {
        line(page, &format!("\nUnknown to the journal: {}.", unknown.join("; ")));
    }
}

/// Lines of so many letters at most, where its words are short enough.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let room = |line: &&mut String| line.chars().count().saturating_add(word.chars().count()) < width;
        match lines.last_mut().filter(room) {
            Some(line) => line.extend([" ", word]),
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

fn fence(report: &Report, page: &mut String) {
    heading(page, "The fence");
    if report.fence.is_empty() {
        line(page, "The run did not get as far as the fence: nothing about the primary was proven.");
    }
    for proof in &report.fence {
        let since = proof.since.map(|at| format!(" (since {})", clock(at))).unwrap_or_default();
        let tick = if proof.rung.proven { "x" } else { " " };
        line(page, &format!("- [{tick}] {}: {}{since}", text(&proof.rung.kind.to_string()), text(&proof.rung.why)));
    }
}

fn steps(report: &Report, page: &mut String) {
    heading(page, "What happened");
    let mut number = None;
    for event in &report.timeline {
        if let Some(new) = event.number.filter(|new| number != Some(*new)) {
            number = Some(new);
            line(page, &format!("\n### {new}  {}\n", title(new)));
        }
        let after = report.began.map(|began| offset(event.at.since(began))).unwrap_or_default();
        let took = event.lasted().map(|took| format!(", {took}")).unwrap_or_default();
        line(page, &format!("- {} ({after}{took}) {}{}", clock(event.at), label(event), text(&event.text)));
        event.notes.iter().for_each(|note| line(page, &format!("  - {}", text(note))));
    }
}

const fn label(event: &Event) -> &'static str {
    match event.what {
        What::Failed => "**failed:** ",
        What::Unknown => "**not known whether done:** ",
        What::Alarm => "**ALARM:** ",
        _ => "",
    }
}

fn marks(report: &Report, page: &mut String) {
    heading(page, "Marks");
    if report.marks.is_empty() {
        line(page, "No mark was raised and read back.");
        return;
    }
    line(page, "| key | kind | before | after |");
    line(page, "|---|---|---|---|");
    for key in &report.marks {
        for kind in Kind::ALL {
            let (before, after) = (key.before.of(kind), key.after.of(kind));
            line(page, &format!("| {} | {kind} | {before:#} | {after:#} |", text(key.key.as_str())));
        }
    }
}

fn cost(report: &Report, page: &mut String) {
    heading(page, "What it cost");
    for (name, value) in report.cost.rows() {
        line(page, &format!("- {name}: {}", text(&value)));
    }
    line(page, "\nAs the plan had it:\n");
    report.cost.as_planned().iter().for_each(|said| line(page, &format!("- {}", text(said))));
}

fn rest(report: &Report, page: &mut String) {
    heading(page, "Seed nonces");
    match &report.nonces {
        Some(nonces) => line(page, &format!("{}.", text(&nonces.to_string()))),
        None => line(page, "Unknown: the run did not get that far."),
    }
    let _written = writeln!(page, "\n---\n\nDrawn from {} records of the journal. Times are UTC.", report.records);
}
