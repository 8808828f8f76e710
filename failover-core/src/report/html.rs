//! The report as one HTML page: no script, nothing that is loaded, and everything that is not the program's own is
//! escaped by construction: [`tags::Html`] takes a name of a tag or a class only as a literal.

use super::markdown::facts;
use super::words::moment;
use super::{Report, Tone};

mod parts;
mod picture;
mod tags;

use tags::Html;

/// Colours, sizes, the dark page, the phone and the paper.
const STYLE: &str = include_str!("html/style.css");

/// A page may style itself and nothing else: not even what slipped through could load or run anything.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

pub(super) fn page(report: &Report) -> String {
    let mut page = Html::new();
    page.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.raw("<meta name=\"color-scheme\" content=\"light dark\">\n");
    page.void("meta", &[("http-equiv", "Content-Security-Policy"), ("content", POLICY)]);
    let what = if report.drill.is_some() { "Failover drill" } else { "Failover" };
    page.element("title", "", &format!("{what} of {}: {}", report.name(), report.verdict()));
    page.raw("<style>\n");
    page.raw(STYLE);
    page.raw("</style>\n</head>\n<body>\n<main>\n");
    header(report, &mut page);
    parts::levels(report, &mut page);
    parts::fence(report, &mut page);
    parts::marks(report, &mut page);
    parts::cost(report, &mut page);
    parts::steps(report, &mut page);
    footer(report, &mut page);
    page.raw("</main>\n</body>\n</html>\n");
    page.finish()
}

fn header(report: &Report, page: &mut Html) {
    page.open("header", "");
    let what = if report.drill.is_some() { "Failover drill" } else { "Failover" };
    page.open("p", "over");
    page.text(what);
    if let Some(began) = report.began {
        page.text(&format!(" · {}", moment(began)));
    }
    page.close("p");
    page.element("h1", "", report.name());
    if let Some(drill) = &report.drill {
        page.open("p", "rehearsal");
        page.text("A rehearsal: every machine, signer and block in it is simulated. ");
        match drill.signed_twice.as_slice() {
            [] => page.text(&format!("{} signatures by both machines, no position signed twice.", drill.signatures)),
            twice => page.element("strong", "twice", &format!("SIGNED TWICE: {}", twice.join("; "))),
        }
        page.close("p");
    }
    let (class, sign) = match report.tone() {
        Tone::Good => ("verdict good", "✓"),
        Tone::Held => ("verdict held", "■"),
        Tone::Open => ("verdict open", "…"),
        Tone::Danger => ("verdict danger", "!"),
    };
    page.open("section", class);
    page.open("p", "outcome");
    page.sign(sign);
    page.text(&report.verdict());
    if let Some(end) = &report.end {
        page.element("span", "exit", &format!("exit {}", end.exit));
    }
    page.close("p");
    let message = report.message();
    // A name is written as its baker writes it.
    let message = if message.starts_with(report.name()) { stopped(message) } else { sentence(&message) };
    page.said("p", "message", &message);
    page.open("p", "next");
    page.element("strong", "", "Next");
    page.text(" ");
    page.prose(&sentence(&report.next));
    page.close("p");
    page.close("section");
    page.open("dl", "facts");
    for (name, value) in facts(report) {
        page.open("div", "");
        page.element("dt", "", name);
        page.element("dd", "", &value);
        page.close("div");
    }
    page.close("dl");
    page.close("header");
    parts::warnings(report, page);
}

fn footer(report: &Report, page: &mut Html) {
    page.open("footer", "");
    let torn = if report.torn.is_some() { "; the last one was cut off" } else { "" };
    page.element("p", "", &format!("Drawn from {} records of the journal{torn}. Times are UTC.", report.records));
    if let Some(drill) = &report.drill {
        let again =
            format!("failover drill --scenario {} --signer {} --seed {}", drill.scenario, drill.signer, drill.seed);
        page.open("p", "");
        page.text("The same drill again: ");
        page.element("code", "", &again);
        page.close("p");
    }
    page.close("footer");
}

/// A fragment as a sentence: a capital letter, and a full stop where there is none.
fn sentence(text: &str) -> String {
    stopped(super::capital(text.trim()))
}

fn stopped(text: String) -> String {
    if text.ends_with(['.', '!', '?']) { text } else { format!("{text}.") }
}
