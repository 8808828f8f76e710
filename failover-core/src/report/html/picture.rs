//! The picture of the levels: an axis on which long gaps are short, with a label for each point that touches no other.

use crate::report::{Levels, Point, Whose};
use crate::tezos::Level;

use super::parts::class;
use super::tags::Html;

const WIDTH: u32 = 1080;
const HEIGHT: u32 = 216;
const AXIS: u32 = 108;
/// From the edges to the first and the last point: half a label.
const MARGIN: u32 = 84;
/// How long a label's line can be, in letters.
const LINE: usize = 20;

/// A level of the picture, with all that is there.
struct Stop<'a> {
    level: Level,
    x: u32,
    points: Vec<&'a Point>,
}

/// Draws it. On a narrow page it is left out: the list beside it says the same from top to bottom.
pub(super) fn draw(levels: &Levels, points: &[Point], page: &mut Html) {
    let stops = stops(points);
    let (Some(first), Some(last)) = (stops.first(), stops.last()) else { return };
    if stops.len() < 2 {
        return;
    }
    page.tag("svg", &[("viewBox", &format!("0 0 {WIDTH} {HEIGHT}")), ("role", "img"), ("aria-labelledby", "picture")]);
    page.tag("title", &[("id", "picture")]);
    let said: Vec<String> = points.iter().map(|point| format!("{}: {}", point.level, point.short)).collect();
    page.text(&format!("The levels on an axis. {}", said.join(". ")));
    page.close("title");
    page.raw("<defs><pattern id=\"hatch\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\" ");
    page.raw("patternTransform=\"rotate(45)\"><line class=\"hatch\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"7\"/></pattern></defs>\n");
    band(levels, &stops, page);
    axis("axis", first.x.saturating_sub(40), last.x.saturating_add(40), page);
    let at = |level: Option<Level>| stops.iter().find(|stop| Some(stop.level) == level).map(|stop| stop.x);
    if let Some(bound) = at(levels.bound) {
        axis("axis primary", first.x.saturating_sub(40), bound, page);
    }
    if let Some(floor) = at(levels.floor) {
        axis("axis backup", floor, last.x.saturating_add(40), page);
    }
    gaps(&stops, page);
    for (index, stop) in stops.iter().enumerate() {
        label(stop, index % 2 == 0, page);
    }
    page.close("svg");
    legend(levels, points, page);
}

/// Where each level is: the more levels lie between two, the further apart, but much less than in proportion.
fn stops(points: &[Point]) -> Vec<Stop<'_>> {
    let mut stops: Vec<Stop<'_>> = Vec::new();
    for point in points {
        match stops.last_mut().filter(|stop| stop.level == point.level) {
            Some(stop) => stop.points.push(point),
            None => stops.push(Stop { level: point.level, x: MARGIN, points: vec![point] }),
        }
    }
    let weights: Vec<u32> = stops
        .windows(2)
        .map(|pair| match pair {
            [one, other] => weight(other.level.since(one.level)),
            _ => 0,
        })
        .collect();
    let all = weights.iter().fold(0, |sum: u32, weight| sum.saturating_add(*weight)).max(1);
    let mut sum: u32 = 0;
    for (stop, weight) in stops.iter_mut().skip(1).zip(weights) {
        sum = sum.saturating_add(weight);
        let along = sum.saturating_mul(WIDTH.saturating_sub(2 * MARGIN)).checked_div(all).unwrap_or(0);
        stop.x = MARGIN.saturating_add(along);
    }
    stops
}

/// 10 for neighbours, and 2 more for every doubling, up to 16: twelve points still have room for their labels.
fn weight(gap: u64) -> u32 {
    gap.max(1).ilog2().saturating_mul(2).saturating_add(10).min(16)
}

fn axis(class: &'static str, from: u32, to: u32, page: &mut Html) {
    let y = AXIS.to_string();
    let (from, to) = (from.to_string(), to.to_string());
    page.void("line", &[("class", class), ("x1", &from), ("x2", &to), ("y1", &y), ("y2", &y)]);
}

fn band(levels: &Levels, stops: &[Stop<'_>], page: &mut Html) {
    let at = |level: Option<Level>| stops.iter().find(|stop| Some(stop.level) == level).map(|stop| stop.x);
    let (Some(from), Some(to), Some(_)) = (at(levels.bound), at(levels.floor), levels.quarantine()) else { return };
    let (x, width) = (from.saturating_add(11).to_string(), to.saturating_sub(from).saturating_sub(22).to_string());
    let y = AXIS.saturating_sub(11).to_string();
    for class in ["band", "band hatched"] {
        let rect = [("class", class), ("x", &*x), ("y", &*y), ("width", &*width), ("height", "22"), ("rx", "4")];
        page.void("rect", &rect);
    }
}

/// How many levels lie between two points, where there is room to say it.
fn gaps(stops: &[Stop<'_>], page: &mut Html) {
    for pair in stops.windows(2) {
        let [one, other] = pair else { continue };
        let gap = other.level.since(one.level);
        if gap < 2 {
            continue;
        }
        let middle = one.x.saturating_add(other.x) / 2;
        text("gap", middle, AXIS.saturating_add(4), &format!("+{gap}"), page);
    }
}

fn label(stop: &Stop<'_>, above: bool, page: &mut Html) {
    let whose = stop.points.iter().map(|point| point.whose).max().unwrap_or(Whose::Chain);
    let lines = lines(stop);
    let height = u32::try_from(lines.len()).unwrap_or(0).saturating_mul(16);
    // The level first, then what is there.
    let top = if above { AXIS.saturating_sub(36).saturating_sub(height) } else { AXIS.saturating_add(44) };
    let (from, to) = if above { (AXIS.saturating_sub(26), AXIS) } else { (AXIS, AXIS.saturating_add(28)) };
    let x = stop.x.to_string();
    page.void("line", &[("class", "stem"), ("x1", &x), ("x2", &x), ("y1", &from.to_string()), ("y2", &to.to_string())]);
    marker(whose, stop.x, page);
    text("level", stop.x, top, &stop.level.to_string(), page);
    for (line, y) in lines.iter().zip((1_u32..).map(|n| top.saturating_add(n.saturating_mul(16)))) {
        text(class(whose), stop.x, y, line, page);
    }
}

/// Each whose has a form of its own, as colour alone says nothing to everybody.
fn marker(whose: Whose, x: u32, page: &mut Html) {
    let class = class(whose);
    let (x, y) = (i64::from(x), i64::from(AXIS));
    let form = |points: [(i64, i64); 4]| {
        let moved = points.map(|(dx, dy)| format!("{},{}", x.saturating_add(dx), y.saturating_add(dy)));
        moved.join(" ")
    };
    match whose {
        Whose::Backup => {
            let (x, y) = (x.to_string(), y.to_string());
            page.void("circle", &[("class", class), ("cx", &x), ("cy", &y), ("r", "8")]);
        }
        Whose::Primary => {
            let square = form([(-7, -7), (7, -7), (7, 7), (-7, 7)]);
            page.void("polygon", &[("class", class), ("points", &square)]);
        }
        Whose::Chain => {
            let diamond = form([(0, -8), (8, 0), (0, 8), (-8, 0)]);
            page.void("polygon", &[("class", class), ("points", &diamond)]);
        }
        Whose::Foreign => {
            let triangle = form([(0, -10), (10, 8), (-10, 8), (0, -10)]);
            page.void("polygon", &[("class", class), ("points", &triangle)]);
        }
    }
}

fn text(class: &'static str, x: u32, y: u32, said: &str, page: &mut Html) {
    let (x, y) = (x.to_string(), y.to_string());
    page.tag("text", &[("class", class), ("x", &x), ("y", &y), ("text-anchor", "middle")]);
    page.text(said);
    page.close("text");
}

/// What is at a level, in lines that are short enough; four at most.
fn lines(stop: &Stop<'_>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for point in &stop.points {
        let short = point.short;
        if lines.iter().any(|line| line == short) {
            continue;
        }
        lines.push(short.chars().take(LINE).collect());
    }
    lines.truncate(4);
    lines
}

/// Only what is there.
fn legend(levels: &Levels, points: &[Point], page: &mut Html) {
    let there = |whose| points.iter().any(|point| point.whose == whose);
    page.raw("<p class=\"legend\" aria-hidden=\"true\">");
    for (class, name, there) in [
        ("key primary", "the primary", there(Whose::Primary)),
        ("key chain", "the chain", there(Whose::Chain)),
        ("key backup", "the backup", there(Whose::Backup)),
        ("key foreign", "another machine than the backup", there(Whose::Foreign)),
        ("key band", "the quarantine", levels.quarantine().is_some()),
    ] {
        if !there {
            continue;
        }
        page.open("span", class);
        page.raw("<i></i>");
        page.text(name);
        page.close("span");
    }
    page.close("p");
}
