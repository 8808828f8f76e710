//! The page's sections.

use crate::decision::ladder::title;
use crate::report::words::{clock, offset};
use crate::report::{Event, Report, What, Whose};
use crate::tezos::{Kind, Level};

use super::picture;
use super::tags::Html;

fn section(page: &mut Html, name: &'static str, class: &'static str) {
    page.open("section", class);
    page.element("h2", "", name);
    page.raw("\n");
}

pub(super) fn warnings(report: &Report, page: &mut Html) {
    if report.warnings.is_empty() {
        return;
    }
    section(page, "To know", "warnings");
    page.open("ul", "");
    report.warnings.iter().for_each(|warning| page.said("li", "", &super::sentence(warning)));
    page.close("ul");
    page.close("section");
}

pub(super) fn levels(report: &Report, page: &mut Html) {
    section(page, "Levels", "levels");
    let points = report.levels.points();
    picture::draw(&report.levels, &points, page);
    page.open("ol", "ladder");
    let mut before: Option<Level> = None;
    for point in &points {
        if let Some(gap) = before.map(|before| point.level.since(before).saturating_sub(1)).filter(|gap| *gap > 0) {
            let s = if gap == 1 { "" } else { "s" };
            page.element("li", "gap", &format!("{gap} level{s}"));
        }
        page.open("li", class(point.whose));
        page.element("span", "level", &point.level.to_string());
        page.element("span", "what", &point.what);
        page.close("li");
        before = Some(point.level);
    }
    page.close("ol");
    if let Some(quarantine) = report.levels.quarantine_words() {
        page.element("p", "quarantine", &super::sentence(&format!("the {quarantine}")));
    }
    let unknown = report.levels.unknown();
    if !unknown.is_empty() {
        page.element("p", "unknown", &format!("Unknown to the journal: {}.", unknown.join("; ")));
    }
    page.close("section");
}

pub(super) const fn class(whose: Whose) -> &'static str {
    match whose {
        Whose::Chain => "chain",
        Whose::Primary => "primary",
        Whose::Backup => "backup",
        Whose::Foreign => "foreign",
    }
}

pub(super) fn fence(report: &Report, page: &mut Html) {
    section(page, "The fence", "fence");
    page.element("p", "lead", "What proves that the primary cannot sign any more, rung by rung.");
    if report.fence.is_empty() {
        page.element("p", "unknown", "The run did not come to the fence: nothing about the primary was proven.");
    }
    page.open("ul", "rungs");
    for proof in &report.fence {
        page.open("li", if proof.rung.proven { "proven" } else { "open" });
        page.sign(if proof.rung.proven { "✓" } else { "–" });
        page.open("div", "");
        page.open("p", "name");
        page.text(&proof.rung.name);
        let said = match proof.since {
            Some(at) => format!("proven at {}", clock(at)),
            None => "not proven".to_owned(),
        };
        page.element("span", "since", &said);
        page.close("p");
        page.said("p", "why", &proof.rung.why);
        page.close("div");
        page.close("li");
    }
    page.close("ul");
    page.close("section");
}

pub(super) fn marks(report: &Report, page: &mut Html) {
    section(page, "Marks", "marks");
    page.element("p", "lead", "What the backup's signer refuses to sign below, before and after, read back.");
    if report.marks.is_empty() {
        page.element("p", "unknown", "No mark was raised and read back.");
    }
    page.open("div", "keys");
    for key in &report.marks {
        page.open("table", "");
        page.element("caption", "", key.key.as_str());
        page.raw("<thead><tr><th scope=\"col\">Kind</th><th scope=\"col\">Before</th><th scope=\"col\">After</th></tr></thead>\n<tbody>");
        for kind in Kind::ALL {
            page.open("tr", "");
            page.tag("th", &[("scope", "row")]);
            page.text(&kind.to_string());
            page.close("th");
            page.element("td", "", &key.before.of(kind).to_string());
            page.element("td", "after", &key.after.of(kind).to_string());
            page.close("tr");
        }
        page.raw("</tbody>");
        page.close("table");
    }
    page.close("div");
    page.close("section");
}

pub(super) fn cost(report: &Report, page: &mut Html) {
    section(page, "What it cost", "cost");
    page.open("dl", "rows");
    for (name, value) in report.cost.rows() {
        page.open("div", "");
        page.element("dt", "", name);
        page.element("dd", "", &value);
        page.close("div");
    }
    page.open("div", "");
    page.element("dt", "", "Seed nonces");
    let nonces = report.nonces.as_ref().map_or_else(|| "unknown: not reached".to_owned(), ToString::to_string);
    page.element("dd", "", &nonces);
    page.close("div");
    page.close("dl");
    page.element("p", "lead", "As the plan had it, before anything was done:");
    page.open("ul", "");
    report.cost.as_planned().iter().for_each(|said| page.element("li", "", &super::sentence(said)));
    page.close("ul");
    page.close("section");
}

pub(super) fn steps(report: &Report, page: &mut Html) {
    section(page, "What happened", "steps");
    let mut number = None;
    page.open("ol", "events");
    for event in &report.timeline {
        if let Some(new) = event.number.filter(|new| number != Some(*new)) {
            number = Some(new);
            page.open("li", "part");
            page.element("span", "number", &new.to_string());
            page.text(title(new));
            page.close("li");
        }
        let after = report.began.map(|began| offset(event.at.since(began))).unwrap_or_default();
        tell(event, &after, page);
    }
    page.close("ol");
    page.close("section");
}

fn tell(event: &Event, after: &str, page: &mut Html) {
    let (class, sign, said) = match event.what {
        What::Done => ("done", "✓", ""),
        What::Failed => ("failed", "✕", "failed: "),
        What::Unknown => ("open", "?", "not known whether done: "),
        What::Wait => ("wait", "…", ""),
        What::Fence => ("rung", "▪", ""),
        What::Alarm => ("alarm", "!", ""),
        What::Asked | What::Plan => ("said", "·", ""),
        What::Session | What::Disarmed | What::End => ("session", "■", ""),
    };
    page.open("li", class);
    page.tag("time", &[("datetime", &event.at.to_string())]);
    page.text(&clock(event.at));
    page.element("small", "", after);
    page.raw("</time>");
    page.sign(sign);
    page.open("div", "told");
    page.open("p", "");
    page.text(said);
    page.prose(&event.text);
    if let Some(took) = event.lasted() {
        page.raw(" ");
        page.element("span", "took", &took);
    }
    page.close("p");
    event.notes.iter().for_each(|note| page.said("p", "note", note));
    page.close("div");
    page.close("li");
}
