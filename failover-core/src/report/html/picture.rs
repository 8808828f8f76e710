//! The picture of the levels: an axis on which long gaps are short, with a label for each point that touches no other.

use maud::{Markup, html};

use crate::report::{Levels, Point, PointOf};
use crate::tezos::Level;

use super::pieces::class;

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
pub(super) fn draw(levels: &Levels, points: &[Point]) -> Markup {
    let stops = stops(points);
    let (Some(first), Some(last)) = (stops.first(), stops.last()) else { return Markup::default() };
    if stops.len() < 2 {
        return Markup::default();
    }
    let (left, right) = (first.x.saturating_sub(40), last.x.saturating_add(40));
    let at = |level: Option<Level>| stops.iter().find(|stop| Some(stop.level) == level).map(|stop| stop.x);
    let said: Vec<String> = points.iter().map(|point| format!("{:#}: {}", point.level, point.short)).collect();
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-labelledby="picture" {
            title id="picture" { "The levels on an axis. " (said.join(". ")) }
            defs {
                pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                    line class="hatch" x1="0" y1="0" x2="0" y2="7" {}
                }
            }
            (band(levels, &stops))
            (axis("axis", left, right))
            @if let Some(bound) = at(levels.bound) { (axis("axis primary", left, bound)) }
            @if let Some(floor) = at(levels.floor) { (axis("axis backup", floor, right)) }
            (gaps(&stops))
            @for (index, stop) in stops.iter().enumerate() { (label(stop, index % 2 == 0)) }
        }
        (legend(levels, points))
    }
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

fn axis(class: &str, from: u32, to: u32) -> Markup {
    html! { line class=(class) x1=(from) x2=(to) y1=(AXIS) y2=(AXIS) {} }
}

fn band(levels: &Levels, stops: &[Stop<'_>]) -> Markup {
    let at = |level: Option<Level>| stops.iter().find(|stop| Some(stop.level) == level).map(|stop| stop.x);
    let (Some(from), Some(to), Some(_)) = (at(levels.bound), at(levels.floor), levels.quarantine()) else {
        return Markup::default();
    };
    let (x, width) = (from.saturating_add(11), to.saturating_sub(from).saturating_sub(22));
    html! {
        @for class in ["band", "band hatched"] {
            rect class=(class) x=(x) y=(AXIS.saturating_sub(11)) width=(width) height="22" rx="4" {}
        }
    }
}

/// How many levels lie between two points, where there is room to say it.
fn gaps(stops: &[Stop<'_>]) -> Markup {
    let between = |pair: &[Stop<'_>]| match pair {
        [one, other] => (one.x.saturating_add(other.x) / 2, other.level.since(one.level)),
        _ => (0, 0),
    };
    html! {
        @for (middle, gap) in stops.windows(2).map(between).filter(|(_, gap)| *gap >= 2) {
            (text("gap", middle, AXIS.saturating_add(4), &format!("+{gap}")))
        }
    }
}

fn label(stop: &Stop<'_>, above: bool) -> Markup {
    let whose = stop.points.iter().map(|point| point.whose).max().unwrap_or(PointOf::Chain);
    let lines = lines(stop);
    let height = u32::try_from(lines.len()).unwrap_or(0).saturating_mul(16);
    // The level first, then what is there.
    let top = if above { AXIS.saturating_sub(36).saturating_sub(height) } else { AXIS.saturating_add(44) };
    let (from, to) = if above { (AXIS.saturating_sub(26), AXIS) } else { (AXIS, AXIS.saturating_add(28)) };
    html! {
        line class="stem" x1=(stop.x) x2=(stop.x) y1=(from) y2=(to) {}
        (marker(whose, stop.x))
        (text("level", stop.x, top, &stop.level.grouped()))
        @for (line, y) in lines.iter().zip((1_u32..).map(|n| top.saturating_add(n.saturating_mul(16)))) {
            (text(class(whose), stop.x, y, line))
        }
    }
}

/// Each whose has a form of its own, as colour alone says nothing to everybody.
fn marker(whose: PointOf, x: u32) -> Markup {
    let points = |points: [(i64, i64); 4]| {
        let (x, y) = (i64::from(x), i64::from(AXIS));
        points.map(|(dx, dy)| format!("{},{}", x.saturating_add(dx), y.saturating_add(dy))).join(" ")
    };
    let corners = match whose {
        PointOf::Backup => return html! { circle class=(class(whose)) cx=(x) cy=(AXIS) r="8" {} },
        // A square, a diamond, a triangle.
        PointOf::Primary => points([(-7, -7), (7, -7), (7, 7), (-7, 7)]),
        PointOf::Chain => points([(0, -8), (8, 0), (0, 8), (-8, 0)]),
        PointOf::Foreign => points([(0, -10), (10, 8), (-10, 8), (0, -10)]),
    };
    html! { polygon class=(class(whose)) points=(corners) {} }
}

fn text(class: &str, x: u32, y: u32, said: &str) -> Markup {
    html! { text class=(class) x=(x) y=(y) text-anchor="middle" { (said) } }
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
fn legend(levels: &Levels, points: &[Point]) -> Markup {
    let there = |whose| points.iter().any(|point| point.whose == whose);
    let keys = [
        ("key primary", "the primary", there(PointOf::Primary)),
        ("key chain", "the chain", there(PointOf::Chain)),
        ("key backup", "the backup", there(PointOf::Backup)),
        ("key foreign", "another machine than the backup", there(PointOf::Foreign)),
        ("key band", "the quarantine", levels.quarantine().is_some()),
    ];
    html! {
        p class="legend" aria-hidden="true" {
            @for (class, name, _) in keys.iter().filter(|(.., there)| *there) {
                span class=(class) { i {} (name) }
            }
        }
    }
}
