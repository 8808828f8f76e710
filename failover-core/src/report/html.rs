//! The report as one HTML page: no script, nothing that is loaded. Only [`maud`]'s macro writes tags: whatever else comes
//! into the page, it escapes. [`safe`] takes the rest away that a page should not have.

use maud::{Markup, PreEscaped, html};

use super::markdown::facts;
use super::words::{moment, plain};
use super::{Report, Tone};

mod parts;
mod picture;
mod pieces;

use pieces::{prose, sentence, sign, stopped};

/// Colours, sizes, the dark page, the phone and the paper.
const STYLE: &str = include_str!("html/style.css");

/// A page may style itself and nothing else: not even what slipped through could load or run anything.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

pub(super) fn page(report: &Report) -> String {
    let parts = [
        header(report),
        parts::warnings(report),
        parts::levels(report),
        parts::fence(report),
        parts::marks(report),
        parts::cost(report),
        parts::steps(report),
        footer(report),
    ];
    let page = html! {
        (PreEscaped("<!doctype html>\n"))
        html lang="en" {
            head { (safe(&head(report))) style { "\n" (PreEscaped(STYLE)) } }
            body { main { @for part in &parts { "\n" (safe(part)) } "\n" } }
        }
    };
    page.into_string()
}

/// Without what could move a cursor, break a page or turn its direction, wherever it came from.
fn safe(part: &Markup) -> Markup {
    PreEscaped(plain(&part.0).replace('\'', "&#39;"))
}

fn head(report: &Report) -> Markup {
    html! {
        meta charset="utf-8";
        meta name="viewport" content="width=device-width, initial-scale=1";
        meta name="color-scheme" content="light dark";
        meta http-equiv="Content-Security-Policy" content=(POLICY);
        title { (kind(report)) " of " (report.name()) ": " (report.verdict()) }
    }
}

const fn kind(report: &Report) -> &'static str {
    if report.drill.is_some() { "Failover drill" } else { "Failover" }
}

fn header(report: &Report) -> Markup {
    let (class, mark) = match report.tone() {
        Tone::Good => ("verdict good", "✓"),
        Tone::Held => ("verdict held", "■"),
        Tone::Open => ("verdict open", "…"),
        Tone::Danger => ("verdict danger", "!"),
    };
    let message = report.message();
    // A name is written as its baker writes it.
    let message = if message.starts_with(report.name()) { stopped(message) } else { sentence(&message) };
    html! {
        header {
            p class="over" {
                (kind(report))
                @if let Some(began) = report.began { " · " (moment(began)) }
            }
            h1 { (report.name()) }
            @if let Some(drill) = &report.drill {
                p class="rehearsal" {
                    "A rehearsal: every machine, signer and block in it is simulated. "
                    @if drill.signed_twice.is_empty() {
                        (drill.signatures) " signatures by both machines, no position signed twice."
                    } @else {
                        strong class="twice" { "SIGNED TWICE: " (drill.signed_twice.join("; ")) }
                    }
                }
            }
            section class=(class) {
                p class="outcome" {
                    (sign(mark)) (report.verdict())
                    @if let Some(end) = &report.end { span class="exit" { "exit " (end.exit) } }
                }
                p class="message" { (prose(&message)) }
                p class="next" { strong { "Next" } " " (prose(&sentence(&report.next))) }
            }
            dl class="facts" {
                @for (name, value) in facts(report) { div { dt { (name) } dd { (value) } } }
            }
        }
    }
}

fn footer(report: &Report) -> Markup {
    let torn = if report.torn.is_some() { "; the last one was cut off" } else { "" };
    html! {
        footer {
            p { "Drawn from " (report.records) " records of the journal" (torn) ". Times are UTC." }
            @if let Some(drill) = &report.drill {
                p {
                    "The same drill again: "
                    code { "failover drill --scenario " (drill.scenario) " --signer " (drill.signer) " --seed " (drill.seed) }
                }
            }
        }
    }
}
