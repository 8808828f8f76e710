//! A picture of a terminal, from its text with colours.

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
    let width = f64::from(columns).mul_add(CELL.0, 2.0 * EDGE);
    let height = f64::from(u16::try_from(lines.len()).unwrap()).mul_add(CELL.1, 2.0 * EDGE);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" aria-label=\"{0}\">\n\
         <title>{0}</title>\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#15191e\"/>\n\
         <g font-family=\"DejaVu Sans Mono,Menlo,Consolas,monospace\" font-size=\"14\" fill=\"#d5dae0\">\n",
        escaped(title)
    );
    let mut codes = Vec::new();
    for (row, line) in lines.iter().enumerate() {
        let y = f64::from(u16::try_from(row).unwrap()).mul_add(CELL.1, EDGE + 14.0);
        for Run { at, text, codes } in runs(line, &mut codes) {
            for (before, words) in pieces(&text) {
                let cells = |count: usize| f64::from(u16::try_from(count).unwrap()) * CELL.0;
                let (x, length) = (cells(at + before) + EDGE, cells(words.chars().count()));
                let (style, words) = (style(&codes), escaped(words));
                writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.0}\" textLength=\"{length:.1}\"{style}>{words}</text>")
                    .unwrap();
            }
        }
    }
    svg + "</g>\n</svg>\n"
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
