//! What goes wrong on the wires.

use super::dice::Dice;
use crate::wire::{Burst, Edge, Mishap};

/// Each edge, how often it is chosen of 100, and below which exchange of it most runs end.
const EDGES: [(Edge, u64, u64); 7] = [
    (Edge::Device, 30, 500),
    (Edge::Primary, 16, 500),
    (Edge::PrimarySigner, 8, 60),
    (Edge::Backup, 14, 500),
    (Edge::Node, 20, 4_000),
    (Edge::Source, 8, 300),
    (Edge::Journal, 4, 60),
];

/// In one world of four none.
pub(super) fn draw(dice: &mut Dice) -> Vec<Burst> {
    let count = if dice.percent(25) { 0 } else { dice.within(1, 6) };
    (0..count).map(|_| burst(dice)).collect()
}

fn burst(dice: &mut Dice) -> Burst {
    let (edge, exchanges) = edge(dice);
    let count = match dice.below(20) {
        0..=11 => 1,
        12..=15 => dice.within(2, 4),
        16..=18 => dice.within(5, 20),
        _ => dice.within(21, 200),
    };
    Burst { edge, from: dice.small(exchanges), count, mishap: mishap(dice, edge) }
}

fn edge(dice: &mut Dice) -> (Edge, u64) {
    let mut drawn = dice.below(100);
    for (edge, weight, exchanges) in EDGES {
        match drawn.checked_sub(weight) {
            Some(left) => drawn = left,
            None => return (edge, exchanges),
        }
    }
    (Edge::Node, 4_000)
}

fn mishap(dice: &mut Dice, edge: Edge) -> Mishap {
    match dice.below(6) {
        0 => Mishap::Dropped,
        1 => Mishap::Lost,
        2 => Mishap::Late(if dice.percent(70) { dice.within(1, 5) } else { dice.within(6, 60) }),
        // A command does not run twice, nor does a record: their programs see to that.
        3 if matches!(edge, Edge::Device | Edge::Source) => Mishap::Twice,
        4 => Mishap::Cut,
        _ => Mishap::Garbage(dice.next()),
    }
}
