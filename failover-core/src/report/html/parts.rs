//! The page's sections.

use maud::{Markup, html};

use crate::decision::ladder::title;
use crate::report::words::{clock, offset};
use crate::report::{Event, Report, What};
use crate::tezos::{Kind, Level};

use super::picture;
use super::pieces::{class, prose, sentence, sign};

fn section(name: &str, class: &str, inside: &Markup) -> Markup {
    html! { section class=(class) { h2 { (name) } (inside) } }
}

pub(super) fn warnings(report: &Report) -> Markup {
    if report.warnings.is_empty() {
        return Markup::default();
    }
    let list = html! { ul { @for warning in &report.warnings { li { (prose(&sentence(warning))) } } } };
    section("To know", "warnings", &list)
}

pub(super) fn levels(report: &Report) -> Markup {
    let points = report.levels.points();
    let mut before: Option<Level> = None;
    let mut gap_to = |level: Level| before.replace(level).map_or(0, |before| level.since(before).saturating_sub(1));
    let unknown = report.levels.unknown();
    let inside = html! {
        (picture::draw(&report.levels, &points))
        ol class="ladder" {
            @for point in &points {
                @let gap = gap_to(point.level);
                @if gap > 0 { li class="gap" { (gap) @if gap == 1 { " level" } @else { " levels" } } }
                li class=(class(point.whose)) {
                    span class="level" { (point.level.grouped()) }
                    span class="what" { (point.what) }
                }
            }
        }
        @if let Some(quarantine) = report.levels.quarantine_words() {
            p class="quarantine" { (sentence(&format!("the {quarantine}"))) }
        }
        @if !unknown.is_empty() { p class="unknown" { "Unknown to the journal: " (unknown.join("; ")) "." } }
    };
    section("Levels", "levels", &inside)
}

pub(super) fn fence(report: &Report) -> Markup {
    let inside = html! {
        p class="lead" { "What proves that the primary cannot sign any more, rung by rung." }
        @if report.fence.is_empty() {
            p class="unknown" { "The run did not get as far as the fence: nothing about the primary was proven." }
        }
        ul class="rungs" {
            @for proof in &report.fence {
                li class=(if proof.rung.proven { "proven" } else { "open" }) {
                    (sign(if proof.rung.proven { "✓" } else { "–" }))
                    div {
                        p class="name" {
                            (proof.rung.kind)
                            span class="since" {
                                @if let Some(at) = proof.since { "proven at " (clock(at)) } @else { "not proven" }
                            }
                        }
                        p class="why" { (prose(&proof.rung.why)) }
                    }
                }
            }
        }
    };
    section("The fence", "fence", &inside)
}

pub(super) fn marks(report: &Report) -> Markup {
    let inside = html! {
        p class="lead" { "What the backup's signer refuses to sign below, before and after, read back." }
        @if report.marks.is_empty() { p class="unknown" { "No mark was raised and read back." } }
        div class="keys" {
            @for key in &report.marks {
                table {
                    caption { (key.key.as_str()) }
                    thead { tr { th scope="col" { "Kind" } th scope="col" { "Before" } th scope="col" { "After" } } }
                    tbody {
                        @for kind in Kind::ALL {
                            tr {
                                th scope="row" { (kind.to_string()) }
                                td { (key.before.of(kind).grouped()) }
                                td class="after" { (key.after.of(kind).grouped()) }
                            }
                        }
                    }
                }
            }
        }
    };
    section("Marks", "marks", &inside)
}

pub(super) fn cost(report: &Report) -> Markup {
    let nonces = report.nonces.as_ref().map_or_else(|| "unknown: not reached".to_owned(), ToString::to_string);
    let inside = html! {
        dl class="rows" {
            @for (name, value) in report.cost.rows() { div { dt { (name) } dd { (value) } } }
            div { dt { "Seed nonces" } dd { (nonces) } }
        }
        p class="lead" { "As the plan had it, before anything was done:" }
        ul { @for said in report.cost.as_planned() { li { (sentence(&said)) } } }
    };
    section("What it cost", "cost", &inside)
}

pub(super) fn steps(report: &Report) -> Markup {
    let mut number = None;
    let mut begins = |event: &Event| event.number.filter(|new| number.replace(*new) != Some(*new));
    let inside = html! {
        ol class="events" {
            @for event in &report.timeline {
                @if let Some(new) = begins(event) {
                    li class="part" { span class="number" { (new) } (title(new)) }
                }
                (tell(event, &report.began.map(|began| offset(event.at.since(began))).unwrap_or_default()))
            }
        }
    };
    section("What happened", "steps", &inside)
}

fn tell(event: &Event, after: &str) -> Markup {
    let (class, mark, said) = match event.what {
        What::Done => ("done", "✓", ""),
        What::Failed => ("failed", "✕", "failed: "),
        What::Unknown => ("open", "?", "not known whether done: "),
        What::Wait => ("wait", "…", ""),
        What::Fence => ("rung", "▪", ""),
        What::Alarm => ("alarm", "!", ""),
        What::Asked | What::Plan => ("said", "·", ""),
        What::Session | What::Disarmed | What::End => ("session", "■", ""),
    };
    html! {
        li class=(class) {
            time datetime=(event.at.to_string()) { (clock(event.at)) small { (after) } }
            (sign(mark))
            div class="told" {
                p {
                    (said) (prose(&event.text))
                    @if let Some(took) = event.lasted() { " " span class="took" { (took) } }
                }
                @for note in &event.notes { p class="note" { (prose(note)) } }
            }
        }
    }
}
