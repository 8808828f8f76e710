//! Pictures of a terminal, from its text with colours.

use std::collections::HashMap;
use std::fmt::Write as _;

/// A cell, in pixels.
const CELL: (f64, f64) = (8.4, 19.0);
const EDGE: f64 = 14.0;

/// Some text in one colour.
#[derive(Debug)]
struct Run {
    at: usize,
    text: String,
    codes: Vec<u8>,
}

/// The picture of these lines, in a terminal of this width.
pub(crate) fn picture(title: &str, lines: &[String], columns: u16) -> String {
    let (mut svg, mut codes) = (String::new(), Vec::new());
    for (row, line) in lines.iter().enumerate() {
        svg += &texts(line, &mut codes, baseline(row), "\n");
    }
    terminal(title, columns, lines.len(), "", &svg)
}

/// The moving picture of a terminal: each moment with the seconds that it is shown. It begins again at its end. Where
/// nothing moves, or nobody wants it to, its last moment is shown.
pub(crate) fn film(title: &str, moments: &[(f64, Vec<String>)], columns: u16, rows: usize) -> String {
    let whole: f64 = moments.iter().map(|(seconds, _)| seconds).sum();
    let mut style = format!(".m{{visibility:hidden;animation:{whole:.2}s step-end infinite}}\n");
    // A line that stands in several moments, or in several places, is kept once.
    let (mut known, mut kept, mut shown) = (HashMap::new(), String::new(), String::new());
    let mut begun = 0.0;
    for (index, (seconds, lines)) in moments.iter().enumerate() {
        let end = begun + seconds;
        let (from, to) = (100.0 * begun / whole, 100.0 * end / whole);
        writeln!(style, "#m{index}{{animation-name:k{index}}}").unwrap();
        let hidden = |at: f64| format!("{at:.3}%{{visibility:hidden}}");
        let before = if index == 0 { String::new() } else { hidden(0.0) };
        let after = if index + 1 == moments.len() { String::new() } else { hidden(to) };
        writeln!(style, "@keyframes k{index}{{{before}{from:.3}%{{visibility:visible}}{after}}}").unwrap();
        writeln!(shown, "<g class=\"m\" id=\"m{index}\">").unwrap();
        let mut codes = Vec::new();
        for (row, line) in lines.iter().enumerate() {
            let texts = texts(line, &mut codes, 0.0, "");
            if texts.is_empty() {
                continue;
            }
            let next = known.len();
            let id = *known.entry(texts.clone()).or_insert_with(|| {
                writeln!(kept, "<g id=\"l{next}\">{texts}</g>").unwrap();
                next
            });
            writeln!(shown, "<use href=\"#l{id}\" y=\"{:.0}\"/>", baseline(row)).unwrap();
        }
        shown += "</g>\n";
        begun = end;
    }
    let last = format!("#m{}{{visibility:visible}}\n", moments.len() - 1);
    let still = format!("@media (prefers-reduced-motion:reduce){{.m{{animation:none!important}}}}\n{last}");
    let before = format!("<style>\n{style}{still}</style>\n<defs>\n{kept}</defs>\n");
    terminal(title, columns, rows, &before, &shown)
}

/// The terminal around what is in it.
fn terminal(title: &str, columns: u16, rows: usize, before: &str, within: &str) -> String {
    let width = f64::from(columns).mul_add(CELL.0, 2.0 * EDGE);
    let height = f64::from(u16::try_from(rows).unwrap()).mul_add(CELL.1, 2.0 * EDGE);
    let title = escaped(title);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" aria-label=\"{title}\">\n\
         <title>{title}</title>\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#15191e\"/>\n\
         <g font-family=\"DejaVu Sans Mono,Menlo,Consolas,monospace\" font-size=\"14\" fill=\"#d5dae0\">\n{before}{within}</g>\n</svg>\n"
    )
}

/// On which height the text of a row stands.
fn baseline(row: usize) -> f64 {
    f64::from(u16::try_from(row).unwrap()).mul_add(CELL.1, EDGE + 14.0)
}

/// The texts of a line, each with its place and its colour, and what stands after each.
fn texts(line: &str, codes: &mut Vec<u8>, y: f64, after: &str) -> String {
    let mut svg = String::new();
    let cells = |count: usize| f64::from(u16::try_from(count).unwrap()) * CELL.0;
    for Run { at, text, codes } in runs(line, codes) {
        for (before, words) in pieces(&text) {
            let (x, length) = (cells(at + before) + EDGE, cells(words.chars().count()));
            let (style, words) = (style(&codes), escaped(words));
            write!(svg, "<text x=\"{x:.1}\" y=\"{y:.0}\" textLength=\"{length:.1}\"{style}>{words}</text>{after}")
                .unwrap();
        }
    }
    svg
}

/// Text without more than one space in a row, which a browser would make one, and the cell at which each piece begins.
fn pieces(text: &str) -> Vec<(usize, &str)> {
    let (mut pieces, mut cell) = (Vec::new(), 0);
    for piece in text.split("  ") {
        let blanks = piece.chars().take_while(|c| *c == ' ').count();
        if !piece.trim().is_empty() {
            pieces.push((cell + blanks, piece.trim()));
        }
        cell += piece.chars().count() + 2;
    }
    pieces
}

fn style(codes: &[u8]) -> String {
    assert!(codes.iter().filter(|code| **code >= 30).count() <= 1, "one colour: {codes:?}");
    let mut style = String::new();
    for code in codes {
        style += match code {
            1 => " font-weight=\"bold\"",
            2 => " opacity=\".55\"",
            31 => " fill=\"#ff6b68\"",
            32 => " fill=\"#5fd787\"",
            33 => " fill=\"#ffd75f\"",
            36 => " fill=\"#5fd7ff\"",
            other => panic!("no colour {other} yet"),
        };
    }
    style
}

/// The runs of a line, from its SGR sequences, which go on from line to line; the same ones however a version of tmux
/// writes them.
fn runs(line: &str, codes: &mut Vec<u8>) -> Vec<Run> {
    let (mut runs, mut cell) = (Vec::<Run>::new(), 0);
    for (index, part) in line.split("\x1b[").enumerate() {
        let text = if index == 0 { part } else { sgr(part, codes) };
        match runs.last_mut() {
            _ if text.is_empty() => {}
            Some(last) if last.codes == *codes => last.text += text,
            _ => runs.push(Run { at: cell, text: text.to_owned(), codes: codes.clone() }),
        }
        cell += text.chars().count();
    }
    runs
}

/// Takes the codes in that a part begins with; what is left of it.
fn sgr<'a>(part: &'a str, codes: &mut Vec<u8>) -> &'a str {
    let (wanted, text) = part.split_once('m').unwrap();
    for code in wanted.split(';').map(|code| code.parse::<u8>().unwrap_or(0)) {
        match code {
            0 => codes.clear(),
            22 => codes.retain(|code| *code > 2),
            39 => codes.retain(|code| *code < 30),
            49 => {}
            code => {
                // A colour takes the place of another.
                codes.retain(|before| *before < 30 || code < 30);
                codes.push(code);
            }
        }
    }
    codes.sort_unstable();
    codes.dedup();
    text
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
